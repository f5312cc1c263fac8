-- +goose Up
-- Times are milliseconds since 1970 in UTC and come from the program, never
-- from the database's own clock. "sealed" columns hold what the vault encrypted.

CREATE TABLE settings (
  name  TEXT PRIMARY KEY,
  value BLOB NOT NULL
);

CREATE TABLE people (
  login       TEXT PRIMARY KEY,
  name        TEXT NOT NULL,
  email       TEXT NOT NULL,
  admin       BOOLEAN NOT NULL,
  frameio_id  TEXT UNIQUE,
  frameio_name TEXT NOT NULL DEFAULT '',
  nuxeo_token BLOB,
  created     BIGINT NOT NULL,
  updated     BIGINT NOT NULL
);

CREATE TABLE sessions (
  id      TEXT PRIMARY KEY,
  login   TEXT NOT NULL,
  created BIGINT NOT NULL,
  expires BIGINT NOT NULL
);

CREATE TABLE providers (
  name               TEXT PRIMARY KEY,
  description        TEXT NOT NULL,
  client_id          TEXT NOT NULL,
  client_secret      BLOB,
  authorization_url  TEXT NOT NULL,
  token_url          TEXT NOT NULL,
  user_authorization_url TEXT NOT NULL,
  scopes             TEXT NOT NULL,
  enabled            BOOLEAN NOT NULL,
  updated            BIGINT NOT NULL
);

CREATE TABLE credentials (
  login         TEXT NOT NULL,
  provider      TEXT NOT NULL,
  access_token  BLOB,
  refresh_token BLOB,
  expires       BIGINT NOT NULL,
  scopes        TEXT NOT NULL,
  lost          TEXT NOT NULL DEFAULT '',
  generation    BIGINT NOT NULL,
  refreshing    BIGINT NOT NULL DEFAULT 0,
  updated       BIGINT NOT NULL,
  PRIMARY KEY (login, provider)
);

CREATE TABLE sign_ins (
  state     TEXT PRIMARY KEY,
  purpose   TEXT NOT NULL,
  browser   TEXT NOT NULL,
  login     TEXT NOT NULL,
  verifier  BLOB NOT NULL,
  return_to TEXT NOT NULL,
  expires   BIGINT NOT NULL
);

CREATE TABLE bindings (
  id            TEXT PRIMARY KEY,
  folder_uid    TEXT NOT NULL,
  folder_path   TEXT NOT NULL,
  folder_title  TEXT NOT NULL,
  action_name   TEXT NOT NULL,
  description   TEXT NOT NULL,
  document_type TEXT NOT NULL,
  creator       TEXT NOT NULL,
  owner         TEXT NOT NULL,
  publishers    TEXT NOT NULL,
  state         TEXT NOT NULL,
  reason        TEXT NOT NULL DEFAULT '',
  created       BIGINT NOT NULL,
  updated       BIGINT NOT NULL
);
CREATE INDEX bindings_folder ON bindings (folder_uid, state);

CREATE TABLE actions (
  id             TEXT PRIMARY KEY,
  binding_id     TEXT NOT NULL REFERENCES bindings (id),
  account_id     TEXT NOT NULL,
  account_name   TEXT NOT NULL,
  workspace_id   TEXT NOT NULL,
  workspace_name TEXT NOT NULL,
  remote_id      TEXT NOT NULL DEFAULT '',
  secret         BLOB,
  state          TEXT NOT NULL,
  UNIQUE (binding_id, workspace_id)
);
CREATE UNIQUE INDEX actions_name ON bindings (folder_uid, action_name) WHERE state IN ('binding', 'bound');

CREATE TABLE interactions (
  id             TEXT PRIMARY KEY,
  action_id      TEXT NOT NULL REFERENCES actions (id),
  interaction_id TEXT NOT NULL,
  step           TEXT NOT NULL,
  binding_id     TEXT NOT NULL,
  account_id     TEXT NOT NULL,
  user_id        TEXT NOT NULL,
  resources      TEXT NOT NULL,
  answer         TEXT NOT NULL,
  correlation    TEXT NOT NULL,
  round          BIGINT NOT NULL DEFAULT 1,
  received       BIGINT NOT NULL,
  UNIQUE (action_id, interaction_id, step)
);

CREATE TABLE items (
  id          TEXT PRIMARY KEY,
  kind        TEXT NOT NULL,
  parent      TEXT NOT NULL,
  subject     TEXT NOT NULL,
  title       TEXT NOT NULL,
  owner       TEXT NOT NULL,
  actor       TEXT NOT NULL DEFAULT '',
  requester   TEXT NOT NULL DEFAULT '',
  state       TEXT NOT NULL,
  ending      TEXT NOT NULL DEFAULT '',
  step        TEXT NOT NULL,
  data        TEXT NOT NULL,
  outcome     TEXT NOT NULL DEFAULT '',
  generation  BIGINT NOT NULL,
  node        TEXT NOT NULL DEFAULT '',
  lease_until BIGINT NOT NULL DEFAULT 0,
  not_before  BIGINT NOT NULL,
  attempt     BIGINT NOT NULL DEFAULT 0,
  waiting_since BIGINT NOT NULL DEFAULT 0,
  cancel      BOOLEAN NOT NULL DEFAULT FALSE,
  code        TEXT NOT NULL DEFAULT '',
  message     TEXT NOT NULL DEFAULT '',
  remedy      TEXT NOT NULL DEFAULT '',
  correlation TEXT NOT NULL,
  created     BIGINT NOT NULL,
  updated     BIGINT NOT NULL,
  finished    BIGINT NOT NULL DEFAULT 0,
  UNIQUE (parent, kind, subject)
);
CREATE INDEX items_due ON items (state, not_before);
CREATE INDEX items_owner ON items (owner, id);

CREATE TABLE item_history (
  item_id TEXT NOT NULL REFERENCES items (id),
  seq     BIGINT NOT NULL,
  at      BIGINT NOT NULL,
  event   TEXT NOT NULL,
  detail  TEXT NOT NULL,
  PRIMARY KEY (item_id, seq)
);

CREATE TABLE transfers (
  item_id   TEXT PRIMARY KEY REFERENCES items (id),
  name      TEXT NOT NULL,
  size      BIGINT NOT NULL,
  done      BIGINT NOT NULL,
  sent      BIGINT NOT NULL,
  rate      BIGINT NOT NULL,
  state     TEXT NOT NULL,
  started   BIGINT NOT NULL,
  updated   BIGINT NOT NULL
);

CREATE TABLE links (
  id            TEXT PRIMARY KEY,
  folder_uid    TEXT NOT NULL,
  asset_key     TEXT NOT NULL,
  account_id    TEXT NOT NULL,
  document_uid  TEXT UNIQUE,
  file_id       TEXT NOT NULL DEFAULT '',
  size          BIGINT NOT NULL DEFAULT 0,
  digest        TEXT NOT NULL DEFAULT '',
  described     TEXT NOT NULL DEFAULT '',
  holder        TEXT NOT NULL DEFAULT '',
  created       BIGINT NOT NULL,
  updated       BIGINT NOT NULL,
  UNIQUE (folder_uid, asset_key)
);

CREATE TABLE link_files (
  link_id TEXT NOT NULL REFERENCES links (id),
  file_id TEXT NOT NULL,
  PRIMARY KEY (link_id, file_id)
);
CREATE INDEX link_files_file ON link_files (file_id);

CREATE TABLE imported_comments (
  link_id    TEXT NOT NULL REFERENCES links (id),
  comment_id TEXT NOT NULL,
  file_id    TEXT NOT NULL,
  parent_id  TEXT NOT NULL,
  kind       TEXT NOT NULL,
  nuxeo_id   TEXT NOT NULL,
  hash       TEXT NOT NULL,
  writer     TEXT NOT NULL,
  updated    BIGINT NOT NULL,
  PRIMARY KEY (link_id, comment_id)
);

-- +goose Down
DROP TABLE imported_comments;
DROP TABLE link_files;
DROP TABLE links;
DROP TABLE transfers;
DROP TABLE item_history;
DROP TABLE items;
DROP TABLE interactions;
DROP TABLE actions;
DROP TABLE bindings;
DROP TABLE sign_ins;
DROP TABLE credentials;
DROP TABLE providers;
DROP TABLE sessions;
DROP TABLE people;
DROP TABLE settings;
