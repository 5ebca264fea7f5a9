-- What an account of an institution's own web is besides its password. All of it is NULL for the accounts that came
-- with a 通知書: they have no person's name and no last day. starts_on, ends_on: civil dates, both included.
-- initial_spent_at: when the initial password was right for the first and only time.
ALTER TABLE institution_account ADD COLUMN name TEXT;
ALTER TABLE institution_account ADD COLUMN name_kana TEXT;
ALTER TABLE institution_account ADD COLUMN starts_on TEXT;
ALTER TABLE institution_account ADD COLUMN ends_on TEXT;
ALTER TABLE institution_account ADD COLUMN emergency_view_at BIGINT;
ALTER TABLE institution_account ADD COLUMN stopped_at BIGINT;
ALTER TABLE institution_account ADD COLUMN initial_spent_at BIGINT;
ALTER TABLE institution_account ADD COLUMN last_sign_in_at BIGINT;
ALTER TABLE institution_account ADD COLUMN created_by TEXT;
