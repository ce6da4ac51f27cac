//! Errors as the outside sees them: RFC 9457 problem details with a stable code.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The body of every error answer, `application/problem+json`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// `urn:sokuho:problem:` and the code.
    #[serde(rename = "type")]
    pub kind: String,
    /// The code's sentence, the same each time.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// Stable code: what a program decides by.
    pub code: Code,
    /// What was wrong this time, in English, for a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The request's id, to be found in the server's log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $status:literal $title:literal;)*) => {
        /// Stable error codes. A new one only where a client would act on it.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum Code { $(#[doc = $title] $name,)* }

        impl Code {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The HTTP status that goes with it.
            pub fn status(self) -> u16 {
                match self { $(Self::$name => $status,)* }
            }

            /// Its sentence.
            pub fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }
        }
    };
}

codes! {
    MalformedRequest = 400 "The request could not be read.";
    InvalidField = 422 "A field has a value that is not allowed.";
    UnknownField = 422 "The request has a field that is not known.";
    TextTooLong = 422 "A text is longer than allowed.";
    TextNotAllowed = 422 "A text has control characters.";
    PositionMissing = 422 "The report says of no place.";
    PositionNotFinite = 422 "Latitude and longitude must be finite numbers.";
    PositionOutOfRange = 422 "Latitude must lie within ±90 and longitude within ±180 degrees.";
    PositionSwapped = 422 "Latitude and longitude look exchanged.";
    PositionNullIsland = 422 "0,0 is what devices write when they do not know where they are.";
    UnknownOffice = 422 "No office of the region has this code.";
    UnknownOperation = 422 "No operation has this id.";
    TooManyIncidents = 422 "The operation has more incidents than are read back at once.";
    UnknownMedia = 422 "A photo or video that the report names was not uploaded.";
    MediaUnsupported = 415 "The file is not one of JPEG, PNG, WebP, HEIC, MP4 and MOV.";
    MediaDamaged = 422 "The photo or video is damaged or cut short.";
    MediaTooLarge = 413 "The file is larger than allowed.";
    PictureTooLarge = 422 "The picture has more pixels than allowed.";
    BodyTooLarge = 413 "The request is larger than allowed.";
    RangeNotSatisfiable = 416 "The file has no such part.";
    SignInRequired = 401 "Sign in first.";
    TokenExpired = 401 "The token has expired.";
    TokenInvalid = 401 "The token is not valid here.";
    TokenRevoked = 401 "The token was revoked.";
    WrongCredentials = 401 "The name or the password is wrong.";
    Forbidden = 403 "Your role does not allow this.";
    OtherOffice = 403 "This belongs to another office.";
    NotFound = 404 "There is no such thing.";
    TileOutOfRange = 404 "The source has no such tile: the address is out of range.";
    MethodNotAllowed = 405 "The address does not take this method.";
    NotAcceptable = 406 "None of the accepted media types is to be had here.";
    IdTaken = 409 "Another thing was sent with the same id before.";
    AlreadyResponsible = 409 "This office answers for it already.";
    CheckInEnded = 409 "The check-in has already ended.";
    OperationEnded = 409 "The operation has already ended.";
    OperationOpen = 409 "The operation is open already.";
    TooManyRequests = 429 "Too many requests; try again later.";
    Timeout = 408 "The request took too long.";
    Internal = 500 "Something went wrong on our side.";
    Unavailable = 503 "The server cannot take this now; try again later.";
    MapSourceFailed = 502 "The source of the map did not give what it should.";
    StorageFull = 507 "The server has no room left.";
}

impl Code {
    /// The code as it travels.
    pub fn as_str(self) -> String {
        serde_json::to_value(self).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
    }
}

impl Problem {
    /// A problem of this code.
    pub fn new(code: Code, detail: Option<String>) -> Self {
        Self {
            kind: format!("urn:sokuho:problem:{}", code.as_str()),
            title: code.title().to_owned(),
            status: code.status(),
            code,
            detail,
            request_id: None,
        }
    }
}
