//! The certificate authority as a library, and the simulated J-LIS.
