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
CREATE TABLE "control_lease" (
	"id" integer PRIMARY KEY NOT NULL,
	"holder" text NOT NULL,
	"term" bigint NOT NULL,
	"held_until" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE INDEX "usage_record_organization_id_started_at_index" ON "usage_record" USING btree ("organization_id","started_at");--> statement-breakpoint
CREATE INDEX "usage_record_project_id_started_at_index" ON "usage_record" USING btree ("project_id","started_at");--> statement-breakpoint
CREATE INDEX "usage_record_key_id_started_at_index" ON "usage_record" USING btree ("key_id","started_at");