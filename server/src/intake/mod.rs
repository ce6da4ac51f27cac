//! Intake: the way of a report from the request to the receipt, step by step.
