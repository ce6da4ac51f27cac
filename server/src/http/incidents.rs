//! Door: the map's questions, an incident's status.
