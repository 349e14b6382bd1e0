CREATE INDEX "usage_day_at_index" ON "usage_day" USING btree ("at");--> statement-breakpoint
CREATE INDEX "usage_hour_at_index" ON "usage_hour" USING btree ("at");--> statement-breakpoint
CREATE INDEX "usage_minute_at_index" ON "usage_minute" USING btree ("at");--> statement-breakpoint
CREATE INDEX "usage_quarter_at_index" ON "usage_quarter" USING btree ("at");