import type { Evidence } from '../wire';

/** Why the device did not say where it is. */
export type DeviceFailure = 'denied' | 'unavailable' | 'timeout' | 'unsupported';

/** The device did not say where it is. */
export class DeviceError extends Error {
  override readonly name = 'DeviceError';
  constructor(readonly reason: DeviceFailure) {
    super(reason);
  }
}

/** Degrees clockwise from north in 0 ≤ d < 360, as the server takes them; `undefined` for anything else. */
export function asHeading(degrees: number | null | undefined): number | undefined {
  if (degrees === null || degrees === undefined || !Number.isFinite(degrees)) return undefined;
  return (Math.round((((degrees % 360) + 360) % 360) * 10) % 3600) / 10;
}

/** A fix of the device as a witness. */
export function witnessOf(fix: GeolocationPosition, headingDeg?: number): Evidence {
  const { latitude, longitude, accuracy } = fix.coords;
  const heading = asHeading(headingDeg);
  return {
    source: 'device',
    position: { lat: latitude, lon: longitude },
    ...(Number.isFinite(accuracy) ? { accuracy_m: Math.round(accuracy * 10) / 10 } : {}),
    ...(heading === undefined ? {} : { heading_deg: heading }),
    at: new Date(fix.timestamp).toISOString(),
  };
}

/** Asks the device once where it is; the browser asks the person. Throws `DeviceError`. */
export function askDevice(): Promise<Evidence> {
  return new Promise((resolve, reject) => {
    if (!('geolocation' in navigator)) {
      reject(new DeviceError('unsupported'));
      return;
    }
    navigator.geolocation.getCurrentPosition(
      (fix) => resolve(witnessOf(fix)),
      (error) => reject(new DeviceError(error.code === 1 ? 'denied' : error.code === 3 ? 'timeout' : 'unavailable')),
      { enableHighAccuracy: true, timeout: 20_000, maximumAge: 5_000 },
    );
  });
}

/** An orientation event as iOS sends it. */
interface CompassEvent extends DeviceOrientationEvent {
  /** Degrees clockwise from north. */
  readonly webkitCompassHeading?: number;
}

/** The direction of the camera, degrees clockwise from north; `undefined` where the event does not know. */
export function headingOf(event: CompassEvent, screenAngle: number): number | undefined {
  if (typeof event.webkitCompassHeading === 'number') return asHeading(event.webkitCompassHeading + screenAngle);
  // Without a true north alpha counts from wherever the phone woke up.
  if (!event.absolute || event.alpha === null) return undefined;
  return asHeading(360 - event.alpha + screenAngle);
}

/** iOS wants to be asked, and only in answer to a touch. Elsewhere nothing is asked. */
export async function askForCompass(): Promise<boolean> {
  const events = globalThis.DeviceOrientationEvent as unknown as
    | { requestPermission?: () => Promise<'granted' | 'denied'> }
    | undefined;
  if (!events?.requestPermission) return events !== undefined;
  try {
    return (await events.requestPermission()) === 'granted';
  } catch {
    return false;
  }
}

/** Older than this, a fix says where the phone was, not where it is, milliseconds. */
const STALE_MS = 30_000;

/** Follows position and direction while the camera is open, so that the shutter need not wait for them. */
export class Bearings {
  #fix: GeolocationPosition | null = null;
  #heading: number | undefined;
  #watch: number | null = null;
  readonly #changed: () => void;

  constructor(changed: () => void) {
    this.#changed = changed;
  }

  start(): void {
    addEventListener('deviceorientationabsolute', this.#turn);
    addEventListener('deviceorientation', this.#turn);
    if (!('geolocation' in navigator)) return;
    this.#watch = navigator.geolocation.watchPosition(
      (fix) => {
        this.#fix = fix;
        this.#changed();
      },
      () => this.#changed(),
      { enableHighAccuracy: true, maximumAge: 0, timeout: 60_000 },
    );
  }

  stop(): void {
    removeEventListener('deviceorientationabsolute', this.#turn);
    removeEventListener('deviceorientation', this.#turn);
    if (this.#watch !== null) navigator.geolocation.clearWatch(this.#watch);
    this.#watch = null;
  }

  /** Where the device is and looks at this moment; `null` while it does not know. */
  now(at: number): Evidence | null {
    if (!this.#fix || at - this.#fix.timestamp > STALE_MS) return null;
    return witnessOf(this.#fix, this.#heading);
  }

  readonly #turn = (event: Event): void => {
    const heading = headingOf(event as CompassEvent, screen.orientation?.angle ?? 0);
    if (heading === undefined) return;
    this.#heading = heading;
    this.#changed();
  };
}
