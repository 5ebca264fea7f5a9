//! The error catalogue: code, what happened, what the front desk does, what the supplier does.
