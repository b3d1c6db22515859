//! The service on a real token (SoftHSM2, in worker processes) and a real store (SQLite), with a clock that stands still.

mod authorization;
mod change_pin;
mod channel;
mod completion;
mod documents;
mod enrolment;
mod extension;
mod faults;
mod faulty;
mod foreign;
mod house;
mod lifecycle;
mod masters;
mod probe;
mod renewal;
mod residual;
mod responder;
mod signing;
mod tampering;
mod timing;
mod tries;
mod unblock;
