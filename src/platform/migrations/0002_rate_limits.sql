ALTER TABLE "api_key" ADD COLUMN "requests_per_minute" integer;--> statement-breakpoint
ALTER TABLE "api_key" ADD COLUMN "tokens_per_minute" integer;--> statement-breakpoint
ALTER TABLE "api_key" ADD COLUMN "concurrency" integer;--> statement-breakpoint
ALTER TABLE "organization" ADD COLUMN "requests_per_minute" integer;--> statement-breakpoint
ALTER TABLE "organization" ADD COLUMN "tokens_per_minute" integer;--> statement-breakpoint
ALTER TABLE "organization" ADD COLUMN "concurrency" integer;--> statement-breakpoint
ALTER TABLE "project" ADD COLUMN "requests_per_minute" integer;--> statement-breakpoint
ALTER TABLE "project" ADD COLUMN "tokens_per_minute" integer;--> statement-breakpoint
ALTER TABLE "project" ADD COLUMN "concurrency" integer;