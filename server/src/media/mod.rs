//! Media: told by content, hashed while they stream in, kept by content address; thumbnails and what the file says of its place.
