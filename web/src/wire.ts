/**
 * What travels, as `server/src/wire` says it: ids are UUIDs, times RFC 3339 in UTC, positions degrees WGS 84.
 * The only file of the web app that names the shapes of the API.
 */

export type LatLon = { lat: number; lon: number };
export type Bounds = { west: number; south: number; east: number; north: number };

export type Category = 'road_damage' | 'water_leak' | 'street_light' | 'hazard' | 'other';
export type Status = 'received' | 'in_progress' | 'resolved' | 'declined';
export type Role = 'viewer' | 'field' | 'operator' | 'admin';
export type MediaKind = 'jpeg' | 'png' | 'webp' | 'heic' | 'mp4' | 'mov';
export type EvidenceSource = 'device' | 'media' | 'pin' | 'typed';
export type OperationKind = 'everyday' | 'disaster' | 'drill';
export type OfficeKind = 'municipality' | 'prefecture';
export type EndReason = 'checked_out' | 'called_back' | 'superseded';

// The region

export type Office = {
  code: string;
  kind: OfficeKind;
  name: string;
  kana: string;
  english: string;
  label: LatLon;
  neighbours: string[];
};

export type Region = {
  code: string;
  name: string;
  kana: string;
  english: string;
  prefecture: string;
  time_zone: string;
  centre: LatLon;
  bounds: Bounds;
  default_zoom: number;
  /** The boundaries are a sketch of our own (略図), not an official file; every screen must say so. */
  sketch: boolean;
  edition: string;
  attribution: string;
  offices: Office[];
  /** For drawing only: thinned, so that a point near a border may lie on its wrong side. */
  boundaries: GeoJSON.FeatureCollection<GeoJSON.MultiPolygon, { code: string; name: string }>;
};

// Reports

export type Evidence = {
  source: EvidenceSource;
  position: LatLon;
  accuracy_m?: number;
  heading_deg?: number;
  at?: string;
};

export type Contact = { name?: string; phone?: string; email?: string };

export type NewReport = {
  id: string;
  operation?: string;
  category: Category;
  words?: string;
  danger_to_life?: boolean;
  observed_at: string;
  evidence: Evidence[];
  chosen?: number;
  media?: string[];
  contact?: Contact;
};

export type Place =
  | { standing: 'inside'; municipality: string }
  | { standing: 'on_border'; municipality: string; others: string[] }
  | { standing: 'outside'; nearest: string; distance_m: number };

export type Receipt = {
  id: string;
  seq: number;
  incident: string;
  filed_at: string;
  place: Place;
  responsible?: string;
  office?: string;
  key: string;
};

export type ReceiptStatus = {
  category: Category;
  status: Status;
  status_at: string;
  filed_at: string;
  position: LatLon;
  place: Place;
  responsible?: string;
  words: string;
  thumbnails: string[];
  drill: boolean;
};

export type Uploaded = {
  id: string;
  kind: MediaKind;
  size: number;
  thumbnail: boolean;
  evidence?: Evidence;
  taken_at?: string;
};

// Incidents

export type Medium = { id: string; kind: MediaKind; size: number; thumbnail: boolean };

export type Reporter =
  | { kind: 'staff'; id: string; name: string; office?: string | null; employer: string }
  | { kind: 'resident' }
  | { kind: 'system' };

export type OfficeReport = {
  id: string;
  category: Category;
  words: string;
  danger_to_life: boolean;
  observed_at: string;
  filed_at: string;
  evidence: Evidence[];
  chosen: number;
  place: Place;
  media: Medium[];
  has_contact: boolean;
  reporter: Reporter;
};

export type PublicIncident = {
  id: string;
  operation: string;
  category: Category;
  status: Status;
  position: LatLon;
  responsible?: string;
  filed_at: string;
  updated_at: string;
};

export type OfficeIncident = PublicIncident & { danger_to_life: boolean; reports: OfficeReport[] };

export type NewStatus = { id: string; status: Status };

// Operations

export type Operation = { id: string; kind: OperationKind; name: string; open: boolean };
export type NewOperation = { id: string; kind: OperationKind; name: string };

// Duty

export type CheckIn = {
  id: string;
  staff: string;
  name: string;
  office: string;
  employer: string;
  since: string;
  role?: Role;
  confirmed_by?: string;
  ended?: { at: string; reason: EndReason };
};

export type NewCheckIn = { id: string; office: string };
export type NewConfirmation = { id: string; role: Role };
export type NewCheckInEnd = { id: string };
export type CheckInReceipt = { seq: number; check_in: CheckIn };
export type RosterStaff = { id: string; name: string; role: Role };
export type Roster = { office: string; here: CheckIn[]; elsewhere: CheckIn[]; not_checked_in: RosterStaff[] };

// Accounts

export type SignIn = { name: string; password: string };
export type Refresh = { refresh_token: string };
export type Tokens = {
  access_token: string;
  access_expires_at: string;
  refresh_token: string;
  refresh_expires_at: string;
};

export type Me =
  | {
      kind: 'staff';
      id: string;
      name: string;
      work_office: string;
      home_office?: string;
      acting_office: string;
      role: Role;
      check_in?: CheckIn;
    }
  | { kind: 'wall'; office: string };

export type MediaTicket = { ticket: string; expires_at: string };

// The live stream

export type OfficeSnapshot = {
  epoch: string;
  seq: number;
  operations: Operation[];
  incidents: OfficeIncident[];
  omitted: number;
  check_ins: CheckIn[];
};

export type PublicSnapshot = Omit<OfficeSnapshot, 'incidents' | 'check_ins'> & { incidents: PublicIncident[] };

export type OfficeEntry = {
  seq: number;
  id: string;
  kind: string;
  at: string;
  actor: Reporter;
  operation_id: string;
  incident?: OfficeIncident;
  check_ins?: CheckIn[];
  operation?: Operation;
};

export type PublicEntry = {
  seq: number;
  kind: string;
  at: string;
  incident?: PublicIncident;
  operation?: Operation;
};

export type Interest = {
  bounds?: Bounds;
  offices?: string[];
  categories?: Category[];
  operation?: string;
};

export type ViewerFrame = {
  type: 'subscribe';
  token?: string;
  epoch?: string;
  since?: number;
  interest?: Interest;
};

export type ResyncReason = 'other_epoch' | 'too_old' | 'ahead_of_log';

export type GoodbyeReason =
  | 'shutdown'
  | 'slow'
  | 'no_pong'
  | 'full'
  | 'no_subscribe'
  | 'bad_frame'
  | 'frame_too_large'
  | 'too_many_frames'
  | 'token_invalid'
  | 'token_expired'
  | 'token_revoked';

export type ServerFrame<Entry = OfficeEntry | PublicEntry> =
  | { type: 'hello'; node: string; epoch: string; seq: number; now: string; heartbeat_seconds: number }
  | { type: 'snapshot'; epoch: string; seq: number; href: string }
  | { type: 'entries'; after: number; seq: number; entries: Entry[] }
  | { type: 'heartbeat'; seq: number; now: string }
  | { type: 'resync'; reason: ResyncReason; epoch: string; seq: number; href: string }
  | { type: 'goodbye'; reason: GoodbyeReason; retry_after_ms?: number };

// Problems

export type Code =
  | 'malformed_request'
  | 'invalid_field'
  | 'unknown_field'
  | 'text_too_long'
  | 'text_not_allowed'
  | 'position_missing'
  | 'position_not_finite'
  | 'position_out_of_range'
  | 'position_swapped'
  | 'position_null_island'
  | 'unknown_office'
  | 'unknown_operation'
  | 'unknown_media'
  | 'media_unsupported'
  | 'media_damaged'
  | 'media_too_large'
  | 'picture_too_large'
  | 'body_too_large'
  | 'length_required'
  | 'range_not_satisfiable'
  | 'sign_in_required'
  | 'token_expired'
  | 'token_invalid'
  | 'token_revoked'
  | 'wrong_credentials'
  | 'forbidden'
  | 'other_office'
  | 'not_found'
  | 'method_not_allowed'
  | 'id_taken'
  | 'check_in_ended'
  | 'operation_ended'
  | 'name_taken'
  | 'too_many_requests'
  | 'timeout'
  | 'internal'
  | 'unavailable'
  | 'storage_full';

export type Problem = {
  type: string;
  title: string;
  status: number;
  code: Code;
  detail?: string;
  request_id?: string;
};
