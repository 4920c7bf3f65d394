-- The messages of a tenant. Clustered by conversation and time: `id` is a UUIDv7, so the latest messages
-- of a conversation are one short scan.
CREATE TABLE messages (
    conversation_id text NOT NULL,
    id              uuid NOT NULL DEFAULT uuidv7(),
    role            text DEFAULT 'user' CHECK (role IN ('system', 'user', 'assistant', 'tool')),
    author          text DEFAULT current_user,
    content         text,
    reply_to        uuid,
    metadata        jsonb,
    created_at      timestamptz DEFAULT now(),
    PRIMARY KEY (conversation_id, id)
) WITH (changes = on);
