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
CREATE INDEX "catalog_artefact_sha256_index" ON "catalog_artefact" USING btree ("sha256");--> statement-breakpoint
CREATE INDEX "catalog_pull_created_at_index" ON "catalog_pull" USING btree ("created_at");--> statement-breakpoint
CREATE UNIQUE INDEX "catalog_pull_one_open_per_model" ON "catalog_pull" USING btree ("model") WHERE "catalog_pull"."state" in ('queued', 'running', 'paused');