CREATE TABLE "usage_record" (
	"id" text PRIMARY KEY NOT NULL,
	"started_at" timestamp with time zone NOT NULL,
	"organization_id" text NOT NULL,
	"project_id" text NOT NULL,
	"key_id" text NOT NULL,
	"model" text NOT NULL,
	"adapter" text,
	"deployment_id" text,
	"engine_id" text,
	"route" text NOT NULL,
	"stream" boolean NOT NULL,
	"status" integer NOT NULL,
	"error_code" text,
	"tokens_in" bigint NOT NULL,
	"tokens_cached" bigint NOT NULL,
	"tokens_out" bigint NOT NULL,
	"tokens_reasoning" bigint NOT NULL,
	"tokens_in_source" text NOT NULL,
	"tokens_out_source" text NOT NULL,
	"finish" text,
	"cut_by" text,
	"gateway_ms" double precision NOT NULL,
	"queue_ms" double precision,
	"prefill_ms" double precision,
	"decode_ms" double precision,
	"first_token_ms" double precision,
	"total_ms" double precision NOT NULL,
	"retries" integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE "catalog_artefact" (
	"id" text PRIMARY KEY NOT NULL,
	"model" text NOT NULL,
	"sha256" text NOT NULL,
	"kind" text NOT NULL,
	"bytes" bigint NOT NULL,
	"precision" text NOT NULL,
	"file_name" text NOT NULL,
	"place" jsonb NOT NULL,
	"revision" text,
	"hash_was_promised" boolean NOT NULL,
	"facts" jsonb,
	"created_at" timestamp with time zone NOT NULL,
	CONSTRAINT "catalog_artefact_model_unique" UNIQUE("model")
);
--> statement-breakpoint
CREATE TABLE "catalog_pull" (
	"id" text PRIMARY KEY NOT NULL,
	"model" text NOT NULL,
	"precision" text NOT NULL,
	"place" jsonb NOT NULL,
	"promised_sha256" text,
	"facts" jsonb,
	"state" text NOT NULL,
	"bytes_done" bigint DEFAULT 0 NOT NULL,
	"bytes_total" bigint DEFAULT 0 NOT NULL,
	"error_code" text,
	"error_message" text,
	"licence_id" text NOT NULL,
	"licence_accepted_by" text,
	"licence_accepted_at" timestamp with time zone,
	"started_by" text NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"updated_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "deployment" (
	"id" text PRIMARY KEY NOT NULL,
	"model" text NOT NULL,
	"loaded" boolean NOT NULL,
	"context_tokens_wish" integer,
	"sequences_wish" integer,
	"plan_sha256" text,
	"plan_context_tokens" integer,
	"plan_sequences" integer,
	"plan_weights_bytes" bigint,
	"plan_context_bytes" bigint,
	"plan_memory_bytes" bigint,
	"created_at" timestamp with time zone NOT NULL,
	"last_used_at" timestamp with time zone NOT NULL,
	CONSTRAINT "deployment_model_unique" UNIQUE("model")
);
--> statement-breakpoint
CREATE TABLE "deployment_adapter" (
	"name" text PRIMARY KEY NOT NULL,
	"base_model" text NOT NULL,
	"path" text NOT NULL,
	"sha256" text NOT NULL,
	"scale" double precision NOT NULL,
	"created_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "api_key" (
	"id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"project_id" text NOT NULL,
	"name" text NOT NULL,
	"sha256" text NOT NULL,
	"prefix" text NOT NULL,
	"last4" text NOT NULL,
	"scopes" jsonb NOT NULL,
	"models" jsonb,
	"share" text NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"created_by" text NOT NULL,
	"expires_at" timestamp with time zone,
	"revoked_at" timestamp with time zone,
	"last_used_at" timestamp with time zone,
	CONSTRAINT "api_key_sha256_unique" UNIQUE("sha256")
);
--> statement-breakpoint
CREATE TABLE "audit_event" (
	"id" text PRIMARY KEY NOT NULL,
	"sequence" bigint NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"organization_id" text,
	"actor_kind" text NOT NULL,
	"actor_id" text NOT NULL,
	"action" text NOT NULL,
	"target" text NOT NULL,
	"address" text,
	"before" jsonb,
	"after" jsonb,
	"previous_hash" text NOT NULL,
	"hash" text NOT NULL,
	CONSTRAINT "audit_event_sequence_unique" UNIQUE("sequence"),
	CONSTRAINT "audit_event_previous_hash_unique" UNIQUE("previous_hash"),
	CONSTRAINT "audit_event_hash_unique" UNIQUE("hash")
);
--> statement-breakpoint
CREATE TABLE "audit_head" (
	"id" integer PRIMARY KEY NOT NULL,
	"sequence" bigint NOT NULL,
	"hash" text NOT NULL,
	CONSTRAINT "audit_head_single" CHECK ("audit_head"."id" = 1)
);
--> statement-breakpoint
CREATE TABLE "auth_account" (
	"id" text PRIMARY KEY NOT NULL,
	"account_id" text NOT NULL,
	"provider_id" text NOT NULL,
	"user_id" text NOT NULL,
	"access_token" text,
	"refresh_token" text,
	"id_token" text,
	"access_token_expires_at" timestamp with time zone,
	"refresh_token_expires_at" timestamp with time zone,
	"scope" text,
	"password" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "auth_session" (
	"id" text PRIMARY KEY NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"token" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	"ip_address" text,
	"user_agent" text,
	"user_id" text NOT NULL,
	CONSTRAINT "auth_session_token_unique" UNIQUE("token")
);
--> statement-breakpoint
CREATE TABLE "auth_user" (
	"id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"email" text NOT NULL,
	"email_verified" boolean DEFAULT false NOT NULL,
	"image" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "auth_user_email_unique" UNIQUE("email")
);
--> statement-breakpoint
CREATE TABLE "auth_verification" (
	"id" text PRIMARY KEY NOT NULL,
	"identifier" text NOT NULL,
	"value" text NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "installation_role" (
	"user_id" text NOT NULL,
	"role" text NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	CONSTRAINT "installation_role_user_id_role_pk" PRIMARY KEY("user_id","role")
);
--> statement-breakpoint
CREATE TABLE "member" (
	"user_id" text NOT NULL,
	"organization_id" text NOT NULL,
	"role" text NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	CONSTRAINT "member_user_id_organization_id_pk" PRIMARY KEY("user_id","organization_id"),
	CONSTRAINT "member_role" CHECK ("member"."role" in ('owner', 'admin', 'developer', 'viewer'))
);
--> statement-breakpoint
CREATE TABLE "organization" (
	"id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"created_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "project" (
	"id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"name" text NOT NULL,
	"content_on_disk" boolean DEFAULT false NOT NULL,
	"salt" text NOT NULL,
	"created_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "setup_link" (
	"id" integer PRIMARY KEY NOT NULL,
	"sha256" text NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"used_at" timestamp with time zone,
	CONSTRAINT "setup_link_single" CHECK ("setup_link"."id" = 1)
);
--> statement-breakpoint
CREATE TABLE "control_lease" (
	"id" integer PRIMARY KEY NOT NULL,
	"holder" text NOT NULL,
	"term" bigint NOT NULL,
	"held_until" timestamp with time zone NOT NULL
);
--> statement-breakpoint
ALTER TABLE "api_key" ADD CONSTRAINT "api_key_organization_id_organization_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organization"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "api_key" ADD CONSTRAINT "api_key_project_id_project_id_fk" FOREIGN KEY ("project_id") REFERENCES "public"."project"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "auth_account" ADD CONSTRAINT "auth_account_user_id_auth_user_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."auth_user"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "auth_session" ADD CONSTRAINT "auth_session_user_id_auth_user_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."auth_user"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "installation_role" ADD CONSTRAINT "installation_role_user_id_auth_user_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."auth_user"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "member" ADD CONSTRAINT "member_user_id_auth_user_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."auth_user"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "member" ADD CONSTRAINT "member_organization_id_organization_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organization"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "project" ADD CONSTRAINT "project_organization_id_organization_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organization"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "usage_record_organization_id_started_at_index" ON "usage_record" USING btree ("organization_id","started_at");--> statement-breakpoint
CREATE INDEX "usage_record_project_id_started_at_index" ON "usage_record" USING btree ("project_id","started_at");--> statement-breakpoint
CREATE INDEX "usage_record_key_id_started_at_index" ON "usage_record" USING btree ("key_id","started_at");--> statement-breakpoint
CREATE INDEX "catalog_artefact_sha256_index" ON "catalog_artefact" USING btree ("sha256");--> statement-breakpoint
CREATE INDEX "catalog_pull_created_at_index" ON "catalog_pull" USING btree ("created_at");--> statement-breakpoint
CREATE UNIQUE INDEX "catalog_pull_one_open_per_model" ON "catalog_pull" USING btree ("model") WHERE "catalog_pull"."state" in ('queued', 'running', 'paused');--> statement-breakpoint
CREATE INDEX "api_key_organization_id_id_index" ON "api_key" USING btree ("organization_id","id");--> statement-breakpoint
CREATE INDEX "api_key_project_id_id_index" ON "api_key" USING btree ("project_id","id");--> statement-breakpoint
CREATE INDEX "audit_event_organization_id_sequence_index" ON "audit_event" USING btree ("organization_id","sequence");--> statement-breakpoint
CREATE INDEX "auth_account_user_id_index" ON "auth_account" USING btree ("user_id");--> statement-breakpoint
CREATE INDEX "auth_session_user_id_index" ON "auth_session" USING btree ("user_id");--> statement-breakpoint
CREATE INDEX "auth_verification_identifier_index" ON "auth_verification" USING btree ("identifier");--> statement-breakpoint
CREATE INDEX "member_organization_id_index" ON "member" USING btree ("organization_id");--> statement-breakpoint
CREATE INDEX "project_organization_id_index" ON "project" USING btree ("organization_id");