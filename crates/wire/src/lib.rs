//! Bytes to domain values and back: receipt-computer XML, insurer CSV, terminal API shapes.
