/**
 * What travels, as the server's document says it: ids are UUIDs, times RFC 3339 in UTC, positions degrees WGS 84.
 * `wire-schema.d.ts` is made from that document; here its shapes get the names that the pages use.
 */

import type { components } from './wire-schema';

type Schemas = components['schemas'];

export type LatLon = Schemas['LatLon'];

export type Category = Schemas['Category'];
export type Status = Schemas['Status'];
export type Role = Schemas['Role'];

// The region

export type Office = Schemas['RegionOffice'];
export type Region = Schemas['Region'];
export type TileJson = Schemas['TileJson'];
export type TileSource = Schemas['TileSource'];
export type TileSources = Schemas['TileSources'];
/** `archive`: what the tiles of an archive hold. */
export type BaseMap = Omit<Schemas['BaseMap'], 'features'> & {
  features?: GeoJSON.FeatureCollection;
  archive?: TileJson;
};

// Hazard zones

/** What is laid over a class's colour. */
export type ZonePattern = 'none' | 'hatch' | 'cross' | 'dots' | 'lines';
export type HazardClass = Schemas['HazardClass'];
export type HazardLayer = Schemas['HazardLayer'];
export type HazardLayers = Schemas['HazardLayers'];

// Reports

export type Evidence = Schemas['Evidence'];
export type Contact = Schemas['Contact'];
export type NewReport = Schemas['NewReport'];
export type Place = Schemas['Place'];
export type Receipt = Schemas['Receipt'];
export type ReceiptStatus = Schemas['ReceiptStatus'];
export type Uploaded = Schemas['Uploaded'];

// Incidents

export type Medium = Schemas['Medium'];
export type Reporter = Schemas['Reporter'];
export type OfficeReport = Schemas['OfficeReport'];
export type Zone = OfficeIncident['zones'][number];
export type IncidentSymbol = Schemas['IncidentSymbol'];
export type PublicIncident = Schemas['PublicIncident'];
export type OfficeIncident = Schemas['OfficeIncident'];

// Operations

export type Operation = Schemas['Operation'];
export type Operations = Schemas['Operations'];
export type PastOperation = Schemas['PastOperation'];

// Duty

export type CheckIn = Schemas['CheckIn'];
export type CheckInReceipt = Schemas['CheckInReceipt'];
export type Roster = Schemas['Roster'];

// Shelters

export type Shelter = Schemas['Shelter'];
export type ShelterState = Schemas['ShelterState'];
export type Danger = Schemas['Danger'];
export type OfficeShelterStatus = Schemas['OfficeShelterStatus'];
export type PublicShelterStatus = Schemas['PublicShelterStatus'];
export type OfficeShelters = Schemas['ShelterList_OfficeShelterStatus'];
export type PublicShelters = Schemas['ShelterList_PublicShelterStatus'];

// Accounts

export type Tokens = Schemas['Tokens'];
export type Me = Schemas['Me'];
export type MediaTicket = Schemas['MediaTicket'];

// The live stream

export type OfficeSnapshot = Schemas['OfficeSnapshot'];
export type PublicSnapshot = Schemas['PublicSnapshot'];
export type OfficeEntry = Schemas['OfficeEntry'];
export type PublicEntry = Schemas['PublicEntry'];
export type Interest = Schemas['Interest'];
export type ViewerFrame = Schemas['ViewerFrame'];
export type GoodbyeReason = Schemas['GoodbyeReason'];

type AnyFrame = Schemas['ServerFrame_OfficeEntry'] | Schemas['ServerFrame_PublicEntry'];

/** A frame whose entries are known by their audience, or in part. */
export type ServerFrame<Entry = OfficeEntry | PublicEntry> =
  | Exclude<AnyFrame, { type: 'entries' }>
  | (Omit<Extract<AnyFrame, { type: 'entries' }>, 'entries'> & { entries: Entry[] });

// Problems

export type Code = Schemas['Code'];
export type Problem = Schemas['Problem'];
