BEGIN TRANSACTION;
CREATE TABLE adoption (
	token_hash VARCHAR(64) NOT NULL,
	customer_id VARCHAR(255) NOT NULL,
	language VARCHAR(16) NOT NULL,
	return_to VARCHAR(1600) NOT NULL,
	created_at FLOAT NOT NULL,
	until FLOAT NOT NULL,
	used_by VARCHAR(40) NOT NULL,
	used_at FLOAT,
	PRIMARY KEY (token_hash, customer_id)
);
CREATE TABLE adoption_asked (
	number INTEGER NOT NULL,
	address_keys JSON NOT NULL,
	language VARCHAR(16) NOT NULL,
	return_to VARCHAR(1600) NOT NULL,
	at FLOAT NOT NULL,
	until FLOAT NOT NULL,
	next_at FLOAT NOT NULL,
	PRIMARY KEY (number)
);
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL,
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0010');
CREATE TABLE alert (
	condition VARCHAR(40) NOT NULL,
	subject VARCHAR(255) NOT NULL,
	detail VARCHAR(300) NOT NULL,
	since FLOAT NOT NULL,
	posted BOOLEAN NOT NULL,
	tries INTEGER NOT NULL,
	PRIMARY KEY (condition, subject)
);
CREATE TABLE audit (
	number INTEGER NOT NULL,
	at FLOAT NOT NULL,
	who VARCHAR(320) NOT NULL,
	act VARCHAR(100) NOT NULL,
	what VARCHAR(2000) NOT NULL,
	why VARCHAR(500) NOT NULL,
	PRIMARY KEY (number)
);
CREATE TABLE checkout_attempt (
	id VARCHAR(64) NOT NULL,
	reader_id VARCHAR(40) NOT NULL,
	"plan" VARCHAR(64) NOT NULL,
	price VARCHAR(255) NOT NULL,
	parameters JSON NOT NULL,
	return_to VARCHAR(1600) NOT NULL,
	language VARCHAR(16) NOT NULL,
	made_at FLOAT NOT NULL,
	until FLOAT NOT NULL,
	state VARCHAR(10) NOT NULL,
	session_id VARCHAR(255) NOT NULL,
	PRIMARY KEY (id),
	FOREIGN KEY(reader_id) REFERENCES reader (id) ON DELETE CASCADE
);
CREATE TABLE customer (
	reader_id VARCHAR(40) NOT NULL,
	customer_id VARCHAR(255) NOT NULL,
	made_at FLOAT NOT NULL,
	PRIMARY KEY (reader_id),
	FOREIGN KEY(reader_id) REFERENCES reader (id) ON DELETE CASCADE
);
CREATE TABLE delivery (
	number INTEGER NOT NULL,
	entry INTEGER NOT NULL,
	at FLOAT NOT NULL,
	payload_sha256 VARCHAR(64) NOT NULL,
	PRIMARY KEY (number),
	FOREIGN KEY(entry) REFERENCES ledger (number)
);
CREATE TABLE entitlement (
	reader_id VARCHAR(40) NOT NULL,
	tier VARCHAR(100) NOT NULL,
	starts_at FLOAT NOT NULL,
	ends_at FLOAT NOT NULL,
	mendable BOOLEAN NOT NULL,
	entries JSON NOT NULL,
	FOREIGN KEY(reader_id) REFERENCES reader (id) ON DELETE CASCADE
);
CREATE TABLE imported (
	reader_id VARCHAR(40) NOT NULL,
	at FLOAT NOT NULL,
	PRIMARY KEY (reader_id),
	FOREIGN KEY(reader_id) REFERENCES reader (id) ON DELETE CASCADE
);
CREATE TABLE journal_mark (
	name VARCHAR(20) NOT NULL,
	number INTEGER NOT NULL,
	key_id VARCHAR(16) NOT NULL,
	PRIMARY KEY (name)
);
CREATE TABLE journal_term (
	term BLOB NOT NULL,
	number INTEGER NOT NULL,
	owner VARCHAR(255) NOT NULL,
	PRIMARY KEY (term, number)
);
CREATE TABLE lease (
	name VARCHAR(100) NOT NULL,
	holder VARCHAR(100) NOT NULL,
	until FLOAT NOT NULL,
	PRIMARY KEY (name)
);
CREATE TABLE leaving (
	id VARCHAR(40) NOT NULL,
	once VARCHAR(300) NOT NULL,
	way VARCHAR(10) NOT NULL,
	state VARCHAR(10) NOT NULL,
	reader_id VARCHAR(40) NOT NULL,
	email VARCHAR(320) NOT NULL,
	name VARCHAR(200) NOT NULL,
	reference VARCHAR(255) NOT NULL,
	wished VARCHAR(10) NOT NULL,
	reason VARCHAR(1000) NOT NULL,
	language VARCHAR(16) NOT NULL,
	subscriptions JSON NOT NULL,
	asked_at FLOAT NOT NULL,
	until FLOAT NOT NULL,
	accepted_at FLOAT,
	done_at FLOAT,
	receipted BOOLEAN NOT NULL,
	tries INTEGER NOT NULL,
	next_at FLOAT NOT NULL,
	outcomes JSON NOT NULL,
	PRIMARY KEY (id),
	UNIQUE (once)
);
CREATE TABLE ledger (
	number INTEGER NOT NULL,
	at FLOAT NOT NULL,
	event_id VARCHAR(255) NOT NULL,
	source VARCHAR(16) NOT NULL,
	kind VARCHAR(255) NOT NULL,
	observed_at FLOAT NOT NULL,
	livemode BOOLEAN,
	account VARCHAR(255) NOT NULL,
	api_version VARCHAR(40) NOT NULL,
	object_type VARCHAR(255) NOT NULL,
	object_id VARCHAR(255) NOT NULL,
	customer_id VARCHAR(255) NOT NULL,
	subscription_id VARCHAR(255) NOT NULL,
	invoice_id VARCHAR(255) NOT NULL,
	charge_id VARCHAR(255) NOT NULL,
	payment_id VARCHAR(255) NOT NULL,
	amount_minor BIGINT,
	currency VARCHAR(3) NOT NULL,
	reader VARCHAR(40) NOT NULL,
	facts TEXT NOT NULL,
	payload_sha256 VARCHAR(64) NOT NULL,
	previous_hash VARCHAR(64) NOT NULL,
	hash VARCHAR(64) NOT NULL,
	PRIMARY KEY (number)
);
CREATE TABLE ledger_work (
	number INTEGER NOT NULL,
	state VARCHAR(20) NOT NULL,
	reason VARCHAR(100) NOT NULL,
	changed_at FLOAT NOT NULL,
	tries INTEGER NOT NULL,
	next_at FLOAT NOT NULL,
	fetch VARCHAR(10) NOT NULL,
	fetch_tries INTEGER NOT NULL,
	fetch_next_at FLOAT NOT NULL, deliveries INTEGER DEFAULT '1' NOT NULL, failure VARCHAR(300) DEFAULT '' NOT NULL,
	PRIMARY KEY (number),
	FOREIGN KEY(number) REFERENCES ledger (number)
);
CREATE TABLE letter (
	"key" VARCHAR(300) NOT NULL,
	kind VARCHAR(20) NOT NULL,
	subscription_id VARCHAR(255) NOT NULL,
	customer_id VARCHAR(255) NOT NULL,
	reader_id VARCHAR(40) NOT NULL,
	at FLOAT NOT NULL,
	until FLOAT NOT NULL,
	facts JSON NOT NULL,
	state VARCHAR(10) NOT NULL,
	tries INTEGER NOT NULL,
	next_at FLOAT NOT NULL,
	PRIMARY KEY ("key")
);
CREATE TABLE mailed (
	token_hash VARCHAR(64) NOT NULL,
	code_hash VARCHAR(64) NOT NULL,
	browser_hash VARCHAR(64) NOT NULL,
	purpose VARCHAR(16) NOT NULL,
	email VARCHAR(320) NOT NULL,
	return_to VARCHAR(1600) NOT NULL,
	language VARCHAR(16) NOT NULL,
	carried JSON NOT NULL,
	created_at FLOAT NOT NULL,
	until FLOAT NOT NULL,
	tries INTEGER NOT NULL,
	PRIMARY KEY (token_hash)
);
CREATE TABLE movement (
	object_id VARCHAR(255) NOT NULL,
	sort VARCHAR(20) NOT NULL,
	at FLOAT,
	currency VARCHAR(3) NOT NULL,
	amount_minor BIGINT NOT NULL,
	number INTEGER NOT NULL,
	customer_id VARCHAR(255) NOT NULL,
	invoice_id VARCHAR(255) NOT NULL,
	payment_id VARCHAR(255) NOT NULL,
	charge_id VARCHAR(255) NOT NULL,
	gone BOOLEAN NOT NULL,
	PRIMARY KEY (object_id, sort)
);
CREATE TABLE news (
	number INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	at FLOAT NOT NULL,
	kind VARCHAR(40) NOT NULL,
	"key" VARCHAR(2000) NOT NULL
);
CREATE TABLE opening (
	number INTEGER NOT NULL,
	path VARCHAR(2000) NOT NULL,
	until FLOAT NOT NULL,
	reason VARCHAR(500) NOT NULL,
	"by" VARCHAR(320) NOT NULL,
	at FLOAT NOT NULL,
	PRIMARY KEY (number)
);
CREATE TABLE outgoing (
	number INTEGER NOT NULL,
	recipient VARCHAR(320) NOT NULL,
	subject VARCHAR(500) NOT NULL,
	text TEXT NOT NULL,
	html TEXT NOT NULL,
	tries INTEGER NOT NULL,
	next_at FLOAT NOT NULL,
	until FLOAT NOT NULL,
	PRIMARY KEY (number)
);
CREATE TABLE payer (
	customer_id VARCHAR(255) NOT NULL,
	address_key VARCHAR(64) NOT NULL,
	next_at FLOAT NOT NULL,
	PRIMARY KEY (customer_id)
);
CREATE TABLE payload (
	number INTEGER NOT NULL,
	owner VARCHAR(255) NOT NULL,
	sealed BLOB NOT NULL,
	PRIMARY KEY (number),
	FOREIGN KEY(number) REFERENCES ledger (number)
);
CREATE TABLE payload_key (
	owner VARCHAR(255) NOT NULL,
	"key" BLOB,
	made_at FLOAT NOT NULL,
	destroyed_at FLOAT,
	PRIMARY KEY (owner)
);
CREATE TABLE price (
	id VARCHAR(255) NOT NULL,
	product VARCHAR(255) NOT NULL,
	amount_minor BIGINT,
	currency VARCHAR(3) NOT NULL,
	options JSON NOT NULL,
	interval VARCHAR(10) NOT NULL,
	interval_count INTEGER NOT NULL,
	tax_behavior VARCHAR(20) NOT NULL,
	active BOOLEAN NOT NULL,
	livemode BOOLEAN NOT NULL,
	fetched_at FLOAT NOT NULL,
	PRIMARY KEY (id)
);
CREATE TABLE rate (
	"key" VARCHAR(200) NOT NULL,
	count INTEGER NOT NULL,
	until FLOAT NOT NULL,
	PRIMARY KEY ("key")
);
CREATE TABLE reader (
	id VARCHAR(40) NOT NULL,
	email VARCHAR(320) NOT NULL,
	email_verified BOOLEAN NOT NULL,
	name VARCHAR(200) NOT NULL,
	language VARCHAR(16) NOT NULL,
	newsroom BOOLEAN NOT NULL,
	created_at FLOAT NOT NULL,
	PRIMARY KEY (id)
);
CREATE TABLE reader_identity (
	issuer VARCHAR(500) NOT NULL,
	subject VARCHAR(255) NOT NULL,
	reader_id VARCHAR(40) NOT NULL,
	added_at FLOAT NOT NULL, provider VARCHAR(64) DEFAULT '' NOT NULL, email VARCHAR(320) DEFAULT '' NOT NULL, proved BOOLEAN DEFAULT 0 NOT NULL,
	CONSTRAINT reader_identity_once UNIQUE (issuer, subject),
	FOREIGN KEY(reader_id) REFERENCES reader (id) ON DELETE CASCADE
);
CREATE TABLE session (
	id VARCHAR(64) NOT NULL,
	reader_id VARCHAR(40) NOT NULL,
	created_at FLOAT NOT NULL,
	last_seen_at FLOAT NOT NULL,
	expires_at FLOAT NOT NULL,
	idle_seconds FLOAT NOT NULL,
	provider VARCHAR(64) NOT NULL,
	device VARCHAR(200) NOT NULL,
	ended_at FLOAT, issuer VARCHAR(500) DEFAULT '' NOT NULL, subject VARCHAR(255) DEFAULT '' NOT NULL, provider_session VARCHAR(255) DEFAULT '' NOT NULL, proved_email VARCHAR(320) DEFAULT '' NOT NULL, groups JSON DEFAULT '[]' NOT NULL, id_token VARCHAR(8000) DEFAULT '' NOT NULL, network VARCHAR(64) DEFAULT '' NOT NULL, country VARCHAR(2) DEFAULT '' NOT NULL,
	PRIMARY KEY (id),
	FOREIGN KEY(reader_id) REFERENCES reader (id) ON DELETE CASCADE
);
CREATE TABLE used (
	"key" VARCHAR(100) NOT NULL,
	until FLOAT NOT NULL,
	PRIMARY KEY ("key")
);
CREATE TABLE want (
	kind VARCHAR(20) NOT NULL,
	id VARCHAR(255) NOT NULL,
	wanted BOOLEAN NOT NULL,
	tries INTEGER NOT NULL,
	next_at FLOAT NOT NULL,
	PRIMARY KEY (kind, id)
);
CREATE TABLE work_item (
	id INTEGER NOT NULL,
	why VARCHAR(40) NOT NULL,
	subject VARCHAR(255) NOT NULL,
	progress VARCHAR(10) NOT NULL,
	number INTEGER NOT NULL,
	due FLOAT NOT NULL,
	customer_id VARCHAR(255) NOT NULL,
	subscription_id VARCHAR(255) NOT NULL,
	payment_id VARCHAR(255) NOT NULL,
	charge_id VARCHAR(255) NOT NULL,
	reader VARCHAR(40) NOT NULL,
	amount_minor BIGINT,
	currency VARCHAR(3) NOT NULL,
	detail VARCHAR(300) NOT NULL,
	assignee VARCHAR(320) NOT NULL,
	opened_at FLOAT NOT NULL,
	changed_at FLOAT NOT NULL,
	PRIMARY KEY (id)
);
CREATE INDEX reader_identity_reader ON reader_identity (reader_id);
CREATE INDEX session_reader ON session (reader_id);
CREATE INDEX session_expires ON session (expires_at);
CREATE INDEX entitlement_reader ON entitlement (reader_id);
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END;
CREATE TRIGGER audit_no_replace BEFORE INSERT ON audit WHEN EXISTS (SELECT 1 FROM audit WHERE number = NEW.number) BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END;
CREATE INDEX reader_email ON reader (email);
CREATE INDEX session_subject ON session (issuer, subject);
CREATE INDEX used_until ON used (until);
CREATE INDEX mailed_browser ON mailed (browser_hash);
CREATE INDEX mailed_until ON mailed (until);
CREATE INDEX outgoing_next ON outgoing (next_at);
CREATE INDEX rate_until ON rate (until);
CREATE UNIQUE INDEX ledger_event ON ledger (event_id);
CREATE INDEX ledger_object ON ledger (object_id);
CREATE INDEX ledger_customer ON ledger (customer_id);
CREATE INDEX ledger_subscription ON ledger (subscription_id);
CREATE INDEX ledger_invoice ON ledger (invoice_id);
CREATE INDEX ledger_charge ON ledger (charge_id);
CREATE INDEX ledger_payment ON ledger (payment_id);
CREATE INDEX ledger_reader ON ledger (reader);
CREATE INDEX ledger_work_state ON ledger_work (state, next_at);
CREATE INDEX ledger_work_fetch ON ledger_work (fetch, fetch_next_at);
CREATE INDEX delivery_entry ON delivery (entry);
CREATE INDEX payload_owner ON payload (owner);
CREATE TRIGGER ledger_no_update BEFORE UPDATE ON ledger BEGIN SELECT RAISE(ABORT, 'ledger is append-only'); END;
CREATE TRIGGER ledger_no_delete BEFORE DELETE ON ledger BEGIN SELECT RAISE(ABORT, 'ledger is append-only'); END;
CREATE TRIGGER ledger_no_replace BEFORE INSERT ON ledger WHEN EXISTS (SELECT 1 FROM ledger WHERE number = NEW.number OR event_id = NEW.event_id) BEGIN SELECT RAISE(ABORT, 'ledger is append-only'); END;
CREATE TRIGGER ledger_no_gap BEFORE INSERT ON ledger WHEN NEW.number IS NOT (SELECT COALESCE(MAX(number), 0) + 1 FROM ledger) OR NEW.previous_hash IS NOT COALESCE((SELECT hash FROM ledger WHERE number = NEW.number - 1), '0000000000000000000000000000000000000000000000000000000000000000') BEGIN SELECT RAISE(ABORT, 'ledger has no gaps'); END;
CREATE INDEX want_next ON want (wanted, next_at);
CREATE UNIQUE INDEX checkout_attempt_open ON checkout_attempt (reader_id) WHERE state = 'open';
CREATE INDEX checkout_attempt_session ON checkout_attempt (session_id);
CREATE INDEX leaving_due ON leaving (state, next_at);
CREATE INDEX leaving_reader ON leaving (reader_id);
CREATE INDEX leaving_email ON leaving (email);
CREATE INDEX letter_due ON letter (state, next_at);
CREATE INDEX payer_address ON payer (address_key);
CREATE INDEX adoption_asked_next ON adoption_asked (next_at);
CREATE INDEX adoption_customer ON adoption (customer_id);
CREATE INDEX adoption_until ON adoption (until);
CREATE INDEX ledger_kind ON ledger (kind, number);
CREATE INDEX ledger_source ON ledger (source, number);
CREATE INDEX ledger_at ON ledger (at);
CREATE INDEX ledger_amount ON ledger (amount_minor, number, currency);
CREATE INDEX ledger_late ON ledger (number) WHERE source = 'webhook' AND at - observed_at >= 60;
CREATE INDEX ledger_bound ON ledger (customer_id) WHERE reader <> '';
CREATE INDEX ledger_work_shown ON ledger_work (state, number);
CREATE INDEX ledger_work_reason ON ledger_work (reason, number);
CREATE INDEX ledger_work_again ON ledger_work (number) WHERE deliveries > 1;
CREATE UNIQUE INDEX work_item_once ON work_item (subject, why);
CREATE INDEX work_item_list ON work_item (progress, due, number);
CREATE INDEX movement_at ON movement (at);
CREATE INDEX movement_customer ON movement (customer_id);
CREATE INDEX journal_term_owner ON journal_term (owner);
CREATE INDEX audit_at ON audit (at);
CREATE INDEX audit_who ON audit (who, number);
CREATE INDEX audit_act ON audit (act, number);
DELETE FROM "sqlite_sequence";
COMMIT;
