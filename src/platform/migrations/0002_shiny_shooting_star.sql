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
CREATE TABLE "person_link" (
	"sha256" text PRIMARY KEY NOT NULL,
	"kind" text NOT NULL,
	"user_id" text NOT NULL,
	"mailed_to" text,
	"created_at" timestamp with time zone NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"used_at" timestamp with time zone,
	CONSTRAINT "person_link_kind" CHECK ("person_link"."kind" in ('password-reset', 'email-change')),
	CONSTRAINT "person_link_email_change" CHECK ("person_link"."kind" <> 'email-change' or "person_link"."mailed_to" is not null)
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
ALTER TABLE "deployment" ADD COLUMN "speed_tokens_per_second" double precision;--> statement-breakpoint
ALTER TABLE "deployment" ADD COLUMN "speed_sha256" text;--> statement-breakpoint
ALTER TABLE "deployment" ADD COLUMN "speed_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "api_key" ADD COLUMN "ips" jsonb;--> statement-breakpoint
ALTER TABLE "api_key" ADD COLUMN "kind" text DEFAULT 'api' NOT NULL;--> statement-breakpoint
ALTER TABLE "api_key" ADD COLUMN "session_id" text;--> statement-breakpoint
ALTER TABLE "api_key_old_secret" ADD CONSTRAINT "api_key_old_secret_key_id_api_key_id_fk" FOREIGN KEY ("key_id") REFERENCES "public"."api_key"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "auth_passkey" ADD CONSTRAINT "auth_passkey_user_id_auth_user_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."auth_user"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "console_key_day" ADD CONSTRAINT "console_key_day_user_id_auth_user_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."auth_user"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "console_key_day" ADD CONSTRAINT "console_key_day_organization_id_organization_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organization"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "person_link" ADD CONSTRAINT "person_link_user_id_auth_user_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."auth_user"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "playground_session" ADD CONSTRAINT "playground_session_project_id_project_id_fk" FOREIGN KEY ("project_id") REFERENCES "public"."project"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "api_key_old_secret_key_id_index" ON "api_key_old_secret" USING btree ("key_id");--> statement-breakpoint
CREATE INDEX "auth_passkey_user_id_index" ON "auth_passkey" USING btree ("user_id");--> statement-breakpoint
CREATE INDEX "person_link_user_id_index" ON "person_link" USING btree ("user_id");--> statement-breakpoint
CREATE INDEX "playground_session_project_id_updated_at_id_index" ON "playground_session" USING btree ("project_id","updated_at","id");--> statement-breakpoint
ALTER TABLE "api_key" ADD CONSTRAINT "api_key_session_id_auth_session_id_fk" FOREIGN KEY ("session_id") REFERENCES "public"."auth_session"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "api_key_session_id_index" ON "api_key" USING btree ("session_id");--> statement-breakpoint
ALTER TABLE "api_key" ADD CONSTRAINT "api_key_kind" CHECK ("api_key"."kind" in ('api', 'console'));