//! Door: reports and receipts.
