import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import en from '../i18n/lang/en.json';
import ja from '../i18n/lang/ja.json';
import { explain, isPassing, ProblemError, problemOf, UnreachableError } from './problem';

const body = (code: string) => JSON.stringify({ type: `urn:sokuho:problem:${code}`, title: 'x', status: 422, code });

describe('problems', () => {
  it('have words in every language for every code of the server', () => {
    const rust = readFileSync(join(import.meta.dirname, '../../../server/src/wire/problem.rs'), 'utf8');
    const names = [...rust.matchAll(/^\s*(\w+) = \d{3} "/gm)].map((match) => match[1] ?? '');
    expect(names.length).toBeGreaterThan(30);
    const codes = names.map((name) => name.replace(/(?!^)([A-Z])/g, '_$1').toLowerCase()).sort();
    for (const catalogue of [ja, en]) {
      const translated = Object.keys(catalogue).filter((key) => key.startsWith('problem.'));
      expect(translated.map((key) => key.slice('problem.'.length)).sort()).toEqual(codes);
    }
  });

  it('carry the code, the request id and when to come back', () => {
    const problem = problemOf(429, JSON.stringify({ code: 'too_many_requests', request_id: 'r1' }), '7');
    expect(problem).toMatchObject({ code: 'too_many_requests', status: 429, requestId: 'r1', retryAfterS: 7 });
  });

  it('are told by the status where a proxy answers with a page of its own', () => {
    expect(problemOf(502, '<html>Bad Gateway</html>', null).code).toBe('unavailable');
    expect(problemOf(413, '', null).code).toBe('body_too_large');
    expect(problemOf(404, '"text"', null).code).toBe('not_found');
  });

  it('are told to a person in the language of the page', () => {
    expect(explain(problemOf(422, body('position_swapped'), null))).toBe('緯度と経度が逆のようです。');
    expect(explain(new UnreachableError('x'))).toBe(ja['network.unreachable']);
    expect(explain(problemOf(422, body('code_of_tomorrow'), null))).toBe(ja['problem.internal']);
  });

  it('pass or stay', () => {
    expect(isPassing(new UnreachableError('x'))).toBe(true);
    expect(isPassing(new ProblemError('unavailable', 503))).toBe(true);
    expect(isPassing(new ProblemError('invalid_field', 422))).toBe(false);
    expect(isPassing(new TypeError('x'))).toBe(false);
  });
});
