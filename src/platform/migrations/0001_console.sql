CREATE TABLE "request_content" (
	"id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"project_id" text NOT NULL,
	"key_id" text NOT NULL,
	"started_at" timestamp with time zone NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"truncated" boolean NOT NULL,
	"text_bytes" integer NOT NULL,
	"stored_bytes" integer NOT NULL,
	"address" text,
	"body" "bytea" NOT NULL
);
--> statement-breakpoint
CREATE TABLE "request_content_reading" (
	"request_id" text NOT NULL,
	"reader_id" text NOT NULL,
	"day" text NOT NULL,
	CONSTRAINT "request_content_reading_request_id_reader_id_day_pk" PRIMARY KEY("request_id","reader_id","day")
);
--> statement-breakpoint
CREATE TABLE "request_detail" (
	"id" text PRIMARY KEY NOT NULL,
	"parameters" jsonb NOT NULL,
	"client" text
);
--> statement-breakpoint
CREATE TABLE "usage_day" (
	"series" bigint NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"requests" integer NOT NULL,
	"tokens_in" bigint NOT NULL,
	"tokens_cached" bigint NOT NULL,
	"tokens_out" bigint NOT NULL,
	"tokens_reasoning" bigint NOT NULL,
	"first_token" jsonb NOT NULL,
	"total" jsonb NOT NULL,
	CONSTRAINT "usage_day_series_at_pk" PRIMARY KEY("series","at")
);
--> statement-breakpoint
CREATE TABLE "usage_four_weeks" (
	"series" bigint NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"requests" integer NOT NULL,
	"tokens_in" bigint NOT NULL,
	"tokens_cached" bigint NOT NULL,
	"tokens_out" bigint NOT NULL,
	"tokens_reasoning" bigint NOT NULL,
	"first_token" jsonb NOT NULL,
	"total" jsonb NOT NULL,
	CONSTRAINT "usage_four_weeks_series_at_pk" PRIMARY KEY("series","at")
);
--> statement-breakpoint
CREATE TABLE "usage_hour" (
	"series" bigint NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"requests" integer NOT NULL,
	"tokens_in" bigint NOT NULL,
	"tokens_cached" bigint NOT NULL,
	"tokens_out" bigint NOT NULL,
	"tokens_reasoning" bigint NOT NULL,
	"first_token" jsonb NOT NULL,
	"total" jsonb NOT NULL,
	CONSTRAINT "usage_hour_series_at_pk" PRIMARY KEY("series","at")
);
--> statement-breakpoint
CREATE TABLE "usage_key" (
	"key_id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"kind" text NOT NULL,
	"project_id" text NOT NULL,
	"project_name" text NOT NULL,
	"owner_id" text NOT NULL,
	"owner_name" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "usage_minute" (
	"series" bigint NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"requests" integer NOT NULL,
	"tokens_in" bigint NOT NULL,
	"tokens_cached" bigint NOT NULL,
	"tokens_out" bigint NOT NULL,
	"tokens_reasoning" bigint NOT NULL,
	"first_token" jsonb NOT NULL,
	"total" jsonb NOT NULL,
	CONSTRAINT "usage_minute_series_at_pk" PRIMARY KEY("series","at")
);
--> statement-breakpoint
CREATE TABLE "usage_quarter" (
	"series" bigint NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"requests" integer NOT NULL,
	"tokens_in" bigint NOT NULL,
	"tokens_cached" bigint NOT NULL,
	"tokens_out" bigint NOT NULL,
	"tokens_reasoning" bigint NOT NULL,
	"first_token" jsonb NOT NULL,
	"total" jsonb NOT NULL,
	CONSTRAINT "usage_quarter_series_at_pk" PRIMARY KEY("series","at")
);
--> statement-breakpoint
CREATE TABLE "usage_series" (
	"id" bigint PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"project_id" text NOT NULL,
	"key_id" text NOT NULL,
	"model" text NOT NULL,
	"adapter" text NOT NULL,
	"route" text NOT NULL,
	"outcome" text NOT NULL,
	CONSTRAINT "usage_series_outcome" CHECK ("usage_series"."outcome" in ('ok', 'failed', 'cut'))
);
--> statement-breakpoint
CREATE TABLE "catalog_hub_token" (
	"id" integer PRIMARY KEY NOT NULL,
	"sealed" text NOT NULL,
	"last4" text NOT NULL,
	"set_by" text NOT NULL,
	"set_at" timestamp with time zone NOT NULL,
	CONSTRAINT "catalog_hub_token_single" CHECK ("catalog_hub_token"."id" = 1)
);
--> statement-breakpoint
CREATE TABLE "api_key_old_secret" (
	"sha256" text PRIMARY KEY NOT NULL,
	"key_id" text NOT NULL,
	"prefix" text NOT NULL,
	"last4" text NOT NULL,
	"replaced_at" timestamp with time zone NOT NULL,
	"ends_at" timestamp with time zone NOT NULL,
	"last_used_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "auth_passkey" (
	"id" text PRIMARY KEY NOT NULL,
	"name" text,
	"public_key" text NOT NULL,
	"user_id" text NOT NULL,
	"credential_id" text NOT NULL,
	"counter" bigint NOT NULL,
	"device_type" text NOT NULL,
	"backed_up" boolean NOT NULL,
	"transports" text,
	"created_at" timestamp with time zone,
	"aaguid" text,
	CONSTRAINT "auth_passkey_credential_id_unique" UNIQUE("credential_id")
);
--> statement-breakpoint
CREATE TABLE "console_key_day" (
	"user_id" text NOT NULL,
	"organization_id" text NOT NULL,
	"day" text NOT NULL,
	CONSTRAINT "console_key_day_user_id_organization_id_day_pk" PRIMARY KEY("user_id","organization_id","day")
);
--> statement-breakpoint
CREATE TABLE "invitation" (
	"id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"project_id" text,
	"email" text NOT NULL,
	"role" text NOT NULL,
	"sha256" text NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"created_by" text NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"accepted_at" timestamp with time zone,
	"accepted_by" text,
	"revoked_at" timestamp with time zone,
	CONSTRAINT "invitation_sha256_unique" UNIQUE("sha256"),
	CONSTRAINT "invitation_role" CHECK ("invitation"."role" in ('owner', 'admin', 'developer', 'viewer')),
	CONSTRAINT "invitation_project_role" CHECK ("invitation"."project_id" is null or "invitation"."role" <> 'owner')
);
--> statement-breakpoint
CREATE TABLE "person_link" (
	"sha256" text PRIMARY KEY NOT NULL,
	"kind" text NOT NULL,
	"user_id" text NOT NULL,
	"mailed_to" text,
	"made_by" text,
	"created_at" timestamp with time zone NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"used_at" timestamp with time zone,
	CONSTRAINT "person_link_kind" CHECK ("person_link"."kind" in ('password-reset', 'email-change')),
	CONSTRAINT "person_link_email_change" CHECK ("person_link"."kind" <> 'email-change' or "person_link"."mailed_to" is not null)
);
--> statement-breakpoint
CREATE TABLE "project_member" (
	"user_id" text NOT NULL,
	"project_id" text NOT NULL,
	"organization_id" text NOT NULL,
	"role" text NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	CONSTRAINT "project_member_user_id_project_id_pk" PRIMARY KEY("user_id","project_id"),
	CONSTRAINT "project_member_role" CHECK ("project_member"."role" in ('admin', 'developer', 'viewer'))
);
--> statement-breakpoint
CREATE TABLE "service_account" (
	"id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"project_id" text,
	"name" text NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"created_by" text NOT NULL,
	"deleted_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "playground_session" (
	"id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"project_id" text NOT NULL,
	"title" text NOT NULL,
	"kind" text NOT NULL,
	"visibility" text NOT NULL,
	"document" jsonb NOT NULL,
	"document_bytes" integer NOT NULL,
	"revision" integer NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"created_by" text NOT NULL,
	"updated_at" timestamp with time zone NOT NULL,
	"updated_by" text NOT NULL,
	CONSTRAINT "playground_session_kind" CHECK ("playground_session"."kind" in ('chat', 'completion', 'embeddings', 'tokens')),
	CONSTRAINT "playground_session_visibility" CHECK ("playground_session"."visibility" in ('private', 'project'))
);
--> statement-breakpoint
ALTER TABLE "usage_record" ADD COLUMN "outcome" text GENERATED ALWAYS AS (case when cut_by = 'client' or status = 499 then 'cut' when status >= 400 or error_code is not null or cut_by is not null then 'failed' else 'ok' end) STORED NOT NULL;--> statement-breakpoint
ALTER TABLE "deployment" ADD COLUMN "speed_tokens_per_second" double precision;--> statement-breakpoint
ALTER TABLE "deployment" ADD COLUMN "speed_sha256" text;--> statement-breakpoint
ALTER TABLE "deployment" ADD COLUMN "speed_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "api_key" ADD COLUMN "ips" jsonb;--> statement-breakpoint
ALTER TABLE "api_key" ADD COLUMN "kind" text DEFAULT 'api' NOT NULL;--> statement-breakpoint
ALTER TABLE "api_key" ADD COLUMN "session_id" text;--> statement-breakpoint
ALTER TABLE "api_key" ADD COLUMN "service_account_id" text;--> statement-breakpoint
ALTER TABLE "project" ADD COLUMN "content_logging" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "project" ADD COLUMN "content_retention_days" integer DEFAULT 30 NOT NULL;--> statement-breakpoint
ALTER TABLE "project" ADD COLUMN "content_client_address" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "request_content_reading" ADD CONSTRAINT "request_content_reading_request_id_request_content_id_fk" FOREIGN KEY ("request_id") REFERENCES "public"."request_content"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "api_key_old_secret" ADD CONSTRAINT "api_key_old_secret_key_id_api_key_id_fk" FOREIGN KEY ("key_id") REFERENCES "public"."api_key"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "auth_passkey" ADD CONSTRAINT "auth_passkey_user_id_auth_user_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."auth_user"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "console_key_day" ADD CONSTRAINT "console_key_day_user_id_auth_user_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."auth_user"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "console_key_day" ADD CONSTRAINT "console_key_day_organization_id_organization_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organization"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "invitation" ADD CONSTRAINT "invitation_organization_id_organization_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organization"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "invitation" ADD CONSTRAINT "invitation_project_id_project_id_fk" FOREIGN KEY ("project_id") REFERENCES "public"."project"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "person_link" ADD CONSTRAINT "person_link_user_id_auth_user_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."auth_user"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "project_member" ADD CONSTRAINT "project_member_user_id_auth_user_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."auth_user"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "project_member" ADD CONSTRAINT "project_member_project_id_project_id_fk" FOREIGN KEY ("project_id") REFERENCES "public"."project"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "project_member" ADD CONSTRAINT "project_member_organization_id_organization_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organization"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "service_account" ADD CONSTRAINT "service_account_organization_id_organization_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organization"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "service_account" ADD CONSTRAINT "service_account_project_id_project_id_fk" FOREIGN KEY ("project_id") REFERENCES "public"."project"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "request_content_organization_id_index" ON "request_content" USING btree ("organization_id");--> statement-breakpoint
CREATE INDEX "request_content_project_id_index" ON "request_content" USING btree ("project_id");--> statement-breakpoint
CREATE INDEX "request_content_key_id_index" ON "request_content" USING btree ("key_id");--> statement-breakpoint
CREATE INDEX "request_content_expires_at_index" ON "request_content" USING btree ("expires_at");--> statement-breakpoint
CREATE INDEX "usage_day_at_index" ON "usage_day" USING btree ("at");--> statement-breakpoint
CREATE INDEX "usage_four_weeks_at_index" ON "usage_four_weeks" USING btree ("at");--> statement-breakpoint
CREATE INDEX "usage_hour_at_index" ON "usage_hour" USING btree ("at");--> statement-breakpoint
CREATE INDEX "usage_key_owner_id_index" ON "usage_key" USING btree ("owner_id");--> statement-breakpoint
CREATE INDEX "usage_minute_at_index" ON "usage_minute" USING btree ("at");--> statement-breakpoint
CREATE INDEX "usage_quarter_at_index" ON "usage_quarter" USING btree ("at");--> statement-breakpoint
CREATE INDEX "usage_series_organization_id_index" ON "usage_series" USING btree ("organization_id");--> statement-breakpoint
CREATE INDEX "api_key_old_secret_key_id_index" ON "api_key_old_secret" USING btree ("key_id");--> statement-breakpoint
CREATE INDEX "auth_passkey_user_id_index" ON "auth_passkey" USING btree ("user_id");--> statement-breakpoint
CREATE INDEX "invitation_organization_id_id_index" ON "invitation" USING btree ("organization_id","id");--> statement-breakpoint
CREATE INDEX "invitation_project_id_index" ON "invitation" USING btree ("project_id");--> statement-breakpoint
CREATE INDEX "person_link_user_id_index" ON "person_link" USING btree ("user_id");--> statement-breakpoint
CREATE INDEX "project_member_project_id_index" ON "project_member" USING btree ("project_id");--> statement-breakpoint
CREATE INDEX "project_member_organization_id_index" ON "project_member" USING btree ("organization_id");--> statement-breakpoint
CREATE INDEX "service_account_organization_id_id_index" ON "service_account" USING btree ("organization_id","id");--> statement-breakpoint
CREATE INDEX "service_account_project_id_index" ON "service_account" USING btree ("project_id");--> statement-breakpoint
CREATE INDEX "playground_session_project_id_updated_at_id_index" ON "playground_session" USING btree ("project_id","updated_at","id");--> statement-breakpoint
CREATE INDEX "playground_session_organization_id_index" ON "playground_session" USING btree ("organization_id");--> statement-breakpoint
ALTER TABLE "api_key" ADD CONSTRAINT "api_key_session_id_auth_session_id_fk" FOREIGN KEY ("session_id") REFERENCES "public"."auth_session"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "api_key" ADD CONSTRAINT "api_key_service_account_id_service_account_id_fk" FOREIGN KEY ("service_account_id") REFERENCES "public"."service_account"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "usage_record_started_at_index" ON "usage_record" USING btree ("started_at");--> statement-breakpoint
CREATE INDEX "api_key_service_account_id_index" ON "api_key" USING btree ("service_account_id");--> statement-breakpoint
CREATE INDEX "api_key_session_id_index" ON "api_key" USING btree ("session_id");--> statement-breakpoint
CREATE INDEX "audit_event_actor_id_sequence_index" ON "audit_event" USING btree ("actor_id","sequence");--> statement-breakpoint
CREATE INDEX "audit_event_target_sequence_index" ON "audit_event" USING btree ("target","sequence");--> statement-breakpoint
ALTER TABLE "api_key" ADD CONSTRAINT "api_key_kind" CHECK ("api_key"."kind" in ('api', 'console'));--> statement-breakpoint
ALTER TABLE "project" ADD CONSTRAINT "project_content_logging" CHECK (not "project"."content_logging" or "project"."content_on_disk");--> statement-breakpoint
ALTER TABLE "project" ADD CONSTRAINT "project_content_retention_days" CHECK ("project"."content_retention_days" between 1 and 365);