CREATE TABLE "stored_response" (
	"id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"project_id" text NOT NULL,
	"key_id" text NOT NULL,
	"model" text NOT NULL,
	"previous_id" text,
	"created_at" timestamp with time zone NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"text_bytes" integer NOT NULL,
	"stored_bytes" integer NOT NULL,
	"body" "bytea" NOT NULL
);
--> statement-breakpoint
CREATE INDEX "stored_response_organization_id_index" ON "stored_response" USING btree ("organization_id");--> statement-breakpoint
CREATE INDEX "stored_response_project_id_index" ON "stored_response" USING btree ("project_id");--> statement-breakpoint
CREATE INDEX "stored_response_expires_at_index" ON "stored_response" USING btree ("expires_at");