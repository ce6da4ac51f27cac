/** What this browser can film that the server takes: MP4 with codecs that phones play. `null`: nothing. */
export function filmingType(): string | null {
  if (typeof MediaRecorder === 'undefined') return null;
  const wanted = ['video/mp4;codecs=avc1.42E01E,mp4a.40.2', 'video/mp4;codecs=avc1,opus', 'video/mp4'];
  return wanted.find((type) => MediaRecorder.isTypeSupported(type)) ?? null;
}

/** A file name that sorts by time: `20261122T060405Z.jpg`. */
export function nameOfShot(at: Date, ending: string): string {
  return `${at.toISOString().slice(0, 19).replace(/[-:]/g, '')}Z.${ending}`;
}
