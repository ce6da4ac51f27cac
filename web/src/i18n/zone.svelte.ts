/** Until the region is here: the system is made for Japan. */
let zone = $state('Asia/Tokyo');

/** The zone in whose time screens show everything, whatever the device says: a name of the IANA database. */
export function timeZone(): string {
  return zone;
}

/** Takes the region's zone; one that this browser does not know changes nothing. */
export function setTimeZone(name: string): void {
  try {
    new Intl.DateTimeFormat('ja', { timeZone: name });
    zone = name;
  } catch {
    // A zone from after this browser.
  }
}
