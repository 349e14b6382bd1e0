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
CREATE INDEX "usage_four_weeks_at_index" ON "usage_four_weeks" USING btree ("at");