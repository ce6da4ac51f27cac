//! Door: the OpenAPI document and its viewer.
