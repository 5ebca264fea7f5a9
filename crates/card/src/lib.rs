//! The My Number card: APDU, applications, PC/SC, simulator, vpcd bridge, JPKI checks.
