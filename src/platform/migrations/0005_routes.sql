CREATE TABLE "idempotency_claim" (
	"key_id" text NOT NULL,
	"name_sha256" text NOT NULL,
	"organization_id" text NOT NULL,
	"project_id" text NOT NULL,
	"body_sha256" text NOT NULL,
	"request_id" text NOT NULL,
	"state" text NOT NULL,
	"lease_until" timestamp with time zone NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"why" text,
	"status" integer,
	"content_type" text,
	"answer" text,
	"stored_bytes" integer DEFAULT 0 NOT NULL,
	CONSTRAINT "idempotency_claim_key_id_name_sha256_pk" PRIMARY KEY("key_id","name_sha256"),
	CONSTRAINT "idempotency_claim_request_id_unique" UNIQUE("request_id")
);
--> statement-breakpoint
CREATE TABLE "drained_model" (
	"model" text PRIMARY KEY NOT NULL,
	"since" timestamp with time zone NOT NULL,
	"by" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "route_alias" (
	"name" text PRIMARY KEY NOT NULL,
	"tiers" jsonb NOT NULL,
	"retries" integer NOT NULL,
	"first_token_ms" integer,
	"silence_ms" integer,
	"shadow" jsonb,
	"enabled" boolean NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"updated_at" timestamp with time zone NOT NULL,
	"updated_by" text NOT NULL
);
--> statement-breakpoint
ALTER TABLE "request_detail" ADD COLUMN "attempts" jsonb;--> statement-breakpoint
ALTER TABLE "usage_record" ADD COLUMN "requested_model" text;--> statement-breakpoint
CREATE INDEX "idempotency_claim_project_id_index" ON "idempotency_claim" USING btree ("project_id");--> statement-breakpoint
CREATE INDEX "idempotency_claim_organization_id_index" ON "idempotency_claim" USING btree ("organization_id");--> statement-breakpoint
CREATE INDEX "idempotency_claim_expires_at_index" ON "idempotency_claim" USING btree ("expires_at");