"""A proxy before a local node: it enforces what live nodes enforce and fails as live nodes fail."""
