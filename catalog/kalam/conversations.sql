-- The conversations of a tenant. `messages.conversation_id` names one of them, but does not have to:
-- a message may come first.
CREATE TABLE conversations (
    id         text PRIMARY KEY,
    title      text,
    metadata   jsonb,
    created_at timestamptz DEFAULT now()
);
