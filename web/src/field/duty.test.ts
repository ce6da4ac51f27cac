import { beforeEach, describe, expect, it } from 'vitest';
import type { Call, Request } from '../session/http';
import { firstOperation } from '../session/operation-choice';
import { UnreachableError } from '../session/problem';
import type { CheckIn, Me, Operation } from '../wire';
import { Duty } from './duty.svelte';

const everyday: Operation = { id: 'e', kind: 'everyday', name: '平常時', open: true };
const disaster: Operation = { id: 'd', kind: 'disaster', name: '大雨', open: true };
const drill: Operation = { id: 'x', kind: 'drill', name: '訓練', open: true };

function server() {
  let checkIn: CheckIn | undefined;
  let last: CheckIn | undefined;
  let cuts = 0;
  const ids: string[] = [];
  const call = (async (path: string, request: Request = {}) => {
    if (path === '/api/me') {
      const me: Me = {
        kind: 'staff',
        id: 's',
        name: 'n',
        work_office: 'W',
        home_office: 'H',
        acting_office: checkIn?.office ?? 'W',
        role: 'field',
      };
      if (checkIn) return { ...me, check_in: checkIn };
      return last ? { ...me, last_check_in: last } : me;
    }
    if (path === '/api/operations') return { operations: [everyday] };
    const { id, office } = request.json as { id: string; office?: string };
    ids.push(id);
    if (cuts > 0) {
      cuts -= 1;
      throw new UnreachableError('cut');
    }
    checkIn = office ? { id, staff: 's', name: 'n', office, employer: 'W', since: '2026-11-22T00:00:00Z' } : undefined;
    return {};
  }) as Call;
  return {
    call,
    ids,
    cutNext: () => {
      cuts += 1;
    },
    endFromOutside: (reason: 'called_back' | 'checked_out') => {
      if (checkIn) last = { ...checkIn, ended: { at: new Date().toISOString(), reason } };
      checkIn = undefined;
    },
  };
}

beforeEach(() => localStorage.clear());

describe('the operation to begin with', () => {
  it('is a disaster before everyday care, and never a drill unless this device chose it', () => {
    expect(firstOperation([everyday, disaster, drill], null)).toBe(disaster);
    expect(firstOperation([everyday, drill], null)).toBe(everyday);
    expect(firstOperation([everyday, drill], 'x')).toBe(drill);
    expect(firstOperation([everyday], 'x')).toBe(everyday);
  });
});

describe('Duty', () => {
  it('acts for the office of the check-in until the check-out', async () => {
    const duty = new Duty(server().call);
    await duty.look();
    await duty.checkIn('H');
    expect(duty.me?.acting_office).toBe('H');
    await duty.checkOut();
    expect(duty.me?.acting_office).toBe('W');
    expect(duty.endedByOthers).toBe(null);
  });

  it('checks in once though the first answer was lost', async () => {
    const node = server();
    const duty = new Duty(node.call);
    await duty.look();
    node.cutNext();
    await expect(duty.checkIn('H')).rejects.toBeInstanceOf(UnreachableError);
    await duty.checkIn('H');
    expect(node.ids).toHaveLength(2);
    expect(node.ids[1]).toBe(node.ids[0]);
  });

  it.each(['called_back', 'checked_out'] as const)('says how somebody else ended the check-in: %s', async (reason) => {
    const node = server();
    const duty = new Duty(node.call);
    await duty.look();
    await duty.checkIn('H');
    node.endFromOutside(reason);
    await duty.look();
    expect(duty.endedByOthers?.office).toBe('H');
    expect(duty.endedByOthers?.ended?.reason).toBe(reason);
    await duty.checkIn('H');
    expect(duty.endedByOthers).toBe(null);
  });

  it('tells of a call-back also on a page that was opened after it', async () => {
    const node = server();
    await new Duty(node.call).checkIn('H');
    node.endFromOutside('called_back');
    const later = new Duty(node.call);
    await later.look();
    expect(later.endedByOthers?.ended?.reason).toBe('called_back');
    later.read();
    await later.look();
    expect(later.endedByOthers).toBe(null);
  });
});
