CREATE TABLE "batch" (
	"id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"project_id" text NOT NULL,
	"key_id" text NOT NULL,
	"input_file_id" text NOT NULL,
	"input_filename" text NOT NULL,
	"endpoint" text NOT NULL,
	"model" text,
	"status" text NOT NULL,
	"completion_window" text NOT NULL,
	"metadata" jsonb,
	"output_expires_after_s" integer,
	"created_at" timestamp with time zone NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"in_progress_at" timestamp with time zone,
	"finalizing_at" timestamp with time zone,
	"completed_at" timestamp with time zone,
	"failed_at" timestamp with time zone,
	"expired_at" timestamp with time zone,
	"cancelling_at" timestamp with time zone,
	"cancelled_at" timestamp with time zone,
	"lines_total" integer DEFAULT 0 NOT NULL,
	"lines_completed" integer DEFAULT 0 NOT NULL,
	"lines_failed" integer DEFAULT 0 NOT NULL,
	"problems" jsonb,
	"output_file_id" text,
	"error_file_id" text,
	"tokens_in" bigint DEFAULT 0 NOT NULL,
	"tokens_cached" bigint DEFAULT 0 NOT NULL,
	"tokens_out" bigint DEFAULT 0 NOT NULL,
	"tokens_reasoning" bigint DEFAULT 0 NOT NULL,
	CONSTRAINT "batch_status" CHECK ("batch"."status" in ('validating', 'in_progress', 'finalizing', 'completed', 'failed', 'expired', 'cancelling', 'cancelled'))
);
--> statement-breakpoint
CREATE TABLE "stored_file" (
	"id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"project_id" text NOT NULL,
	"filename" text NOT NULL,
	"purpose" text NOT NULL,
	"size_bytes" bigint NOT NULL,
	"sha256" text NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"created_by" text NOT NULL,
	"expires_at" timestamp with time zone
);
--> statement-breakpoint
CREATE INDEX "batch_project_id_id_index" ON "batch" USING btree ("project_id","id");--> statement-breakpoint
CREATE INDEX "batch_organization_id_index" ON "batch" USING btree ("organization_id");--> statement-breakpoint
CREATE INDEX "batch_status_index" ON "batch" USING btree ("status");--> statement-breakpoint
CREATE INDEX "stored_file_project_id_id_index" ON "stored_file" USING btree ("project_id","id");--> statement-breakpoint
CREATE INDEX "stored_file_organization_id_index" ON "stored_file" USING btree ("organization_id");--> statement-breakpoint
CREATE INDEX "stored_file_expires_at_index" ON "stored_file" USING btree ("expires_at");