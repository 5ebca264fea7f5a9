//! A plausible synthetic Japan: insurers, people, coverage, cards.
