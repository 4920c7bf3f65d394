//! Settings: every knob of the server, documented once.
