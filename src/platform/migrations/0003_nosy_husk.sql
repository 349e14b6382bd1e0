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
ALTER TABLE "playground_session" DROP CONSTRAINT "playground_session_project_id_project_id_fk";
--> statement-breakpoint
ALTER TABLE "usage_record" ADD COLUMN "outcome" text GENERATED ALWAYS AS (case when cut_by = 'client' or status = 499 then 'cut' when status >= 400 or error_code is not null or cut_by is not null then 'failed' else 'ok' end) STORED NOT NULL;--> statement-breakpoint
ALTER TABLE "project" ADD COLUMN "content_logging" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "project" ADD COLUMN "content_retention_days" integer DEFAULT 30 NOT NULL;--> statement-breakpoint
ALTER TABLE "project" ADD COLUMN "content_client_address" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "request_content_reading" ADD CONSTRAINT "request_content_reading_request_id_request_content_id_fk" FOREIGN KEY ("request_id") REFERENCES "public"."request_content"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "request_content_organization_id_index" ON "request_content" USING btree ("organization_id");--> statement-breakpoint
CREATE INDEX "request_content_project_id_index" ON "request_content" USING btree ("project_id");--> statement-breakpoint
CREATE INDEX "request_content_key_id_index" ON "request_content" USING btree ("key_id");--> statement-breakpoint
CREATE INDEX "request_content_expires_at_index" ON "request_content" USING btree ("expires_at");--> statement-breakpoint
CREATE INDEX "usage_key_owner_id_index" ON "usage_key" USING btree ("owner_id");--> statement-breakpoint
CREATE INDEX "usage_series_organization_id_index" ON "usage_series" USING btree ("organization_id");--> statement-breakpoint
CREATE INDEX "usage_record_started_at_index" ON "usage_record" USING btree ("started_at");--> statement-breakpoint
CREATE INDEX "playground_session_organization_id_index" ON "playground_session" USING btree ("organization_id");--> statement-breakpoint
ALTER TABLE "project" ADD CONSTRAINT "project_content_logging" CHECK (not "project"."content_logging" or "project"."content_on_disk");--> statement-breakpoint
ALTER TABLE "project" ADD CONSTRAINT "project_content_retention_days" CHECK ("project"."content_retention_days" between 1 and 365);