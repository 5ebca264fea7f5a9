//! Dev only: databases, certificates, people, time.
