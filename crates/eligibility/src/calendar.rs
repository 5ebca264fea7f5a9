//! Civil dates in Asia/Tokyo and the Japanese calendar (和暦).
