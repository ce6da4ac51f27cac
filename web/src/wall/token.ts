const STORED = 'sokuho.wall.token';

/**
 * The wall's token: from the fragment of the address, which no server and no proxy sees, else the one that this
 * browser keeps. The fragment is removed, so that nobody photographs it off the screen.
 */
export function takeToken(): string | null {
  const given = new URLSearchParams(location.hash.slice(1)).get('token')?.trim();
  if (given) {
    history.replaceState(null, '', location.pathname + location.search);
    keepToken(given);
    return given;
  }
  try {
    return localStorage.getItem(STORED);
  } catch {
    return null;
  }
}

/** Keeps a token for the next start of this browser. */
export function keepToken(token: string): void {
  try {
    localStorage.setItem(STORED, token);
  } catch {
    // Without storage the wall works until it is closed.
  }
}

/** Reads what somebody pasted: a token alone or the whole address. */
export function readPasted(text: string): string {
  const fragment = text.indexOf('#token=');
  const token = fragment === -1 ? text : (new URLSearchParams(text.slice(fragment + 1)).get('token') ?? '');
  return token.trim();
}
