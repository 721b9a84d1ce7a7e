-- Gives each database role its password from the secret of the same name; run after the migrations, safe to repeat.
-- The migrations create the roles without a password, so that no migration has to know one.
\set ON_ERROR_STOP on
\set money `cat "$SECRETS/money_password"`
\set chain `cat "$SECRETS/chain_password"`
\set ops `cat "$SECRETS/ops_password"`
\set api `cat "$SECRETS/api_password"`
\set signer `cat "$SECRETS/signer_password"`

SET password_encryption = 'scram-sha-256';
SET log_statement = 'none';
ALTER ROLE croupier_money PASSWORD :'money';
ALTER ROLE croupier_chain PASSWORD :'chain';
ALTER ROLE croupier_ops PASSWORD :'ops';
ALTER ROLE croupier_api PASSWORD :'api';
ALTER ROLE croupier_signer PASSWORD :'signer';
