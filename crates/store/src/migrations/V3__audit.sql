-- The audit log: only ever inserted into.

-- sharded: institution_code
CREATE TABLE audit (
    institution_code TEXT NOT NULL,
    sequence BIGINT NOT NULL,
    recorded_at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    object TEXT NOT NULL,
    outcome TEXT NOT NULL,
    detail TEXT NOT NULL,
    previous_hash BYTES NOT NULL,
    PRIMARY KEY (institution_code, sequence)
);

-- Which entries stand where among the leaves of the tree.
-- reference
CREATE TABLE audit_run (
    first_leaf BIGINT NOT NULL,
    institution_code TEXT NOT NULL,
    first_sequence BIGINT NOT NULL,
    entries BIGINT NOT NULL,
    PRIMARY KEY (first_leaf)
);

-- How far each institution's entries are in the tree.
-- sharded: institution_code
-- sqlite: without rowid
CREATE TABLE audit_integrated (
    institution_code TEXT NOT NULL,
    sequence BIGINT NOT NULL,
    PRIMARY KEY (institution_code)
);

-- frontier: the roots of the complete subtrees, oldest first, so that the tree can grow without its leaves.
-- reference
CREATE TABLE audit_tree_head (
    head_number BIGINT NOT NULL,
    tree_size BIGINT NOT NULL,
    root_hash BYTES NOT NULL,
    previous_head_hash BYTES NOT NULL,
    signed_at BIGINT NOT NULL,
    key_id BYTES NOT NULL,
    signature BYTES NOT NULL,
    frontier TEXT NOT NULL,
    PRIMARY KEY (head_number)
);
