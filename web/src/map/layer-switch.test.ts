import { cleanup, fireEvent, render, screen } from '@testing-library/svelte';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { BaseMap, HazardLayer } from '../wire';
import LayerSwitch from './LayerSwitch.svelte';
import type { Raster } from './rasters';
import { Shown } from './shown.svelte';

afterEach(cleanup);
beforeEach(() => localStorage.clear());

const layer = {
  id: 'demo-flood',
  name: '洪水浸水想定区域',
  english: 'Flood',
  hazard: 'flood',
  demonstration: true,
  classes: [],
} as unknown as HazardLayer;
const base = { kind: 'sketch', sketch: true } as BaseMap;
const raster = (id: string, name: string, ground: boolean): Raster => {
  return { id, name, english: name, attribution: '', ground, names: false };
};
const photo = raster('proxy-photo', '写真', true);
const surge = raster('proxy-storm-surge', '高潮浸水想定区域', false);

function open(props: Partial<Parameters<typeof render<typeof LayerSwitch>>[1]> = {}) {
  const shown = new Shown('07202', [layer], [photo, surge]);
  const onClose = vi.fn();
  const failed = { layers: false, rasters: false };
  const given = { id: 'switch', shown, base: null, layers: [layer], rasters: [], failed, shelters: null, onClose };
  render(LayerSwitch, { ...given, ...props });
  return { shown, onClose };
}

it('switches layers and their strength by keyboard, and closes on Escape', async () => {
  const { shown, onClose } = open();
  expect(document.activeElement).toBe(screen.getByRole('group', { name: '表示の切替' }));
  await fireEvent.input(screen.getByRole('slider'), { target: { value: '90' } });
  expect(shown.opacity('demo-flood')).toBe(0.9);
  await fireEvent.click(screen.getByRole('checkbox', { name: /洪水浸水想定区域/ }));
  expect(shown.has('demo-flood')).toBe(false);
  expect(screen.queryByRole('slider')).toBeNull();
  await fireEvent.keyDown(window, { key: 'Escape' });
  await fireEvent.click(screen.getByRole('button', { name: '閉じる' }));
  expect(onClose).toHaveBeenCalledTimes(2);
});

it('says that the lists could not be had, and not that there are none', () => {
  open({ layers: [], failed: { layers: true, rasters: true } });
  expect(screen.getByText('ハザード区域の一覧を取得できませんでした。')).toBeTruthy();
  expect(screen.getByText('地図画像の一覧を取得できませんでした。')).toBeTruthy();
});

it('asks nothing about rasters and shelters where there are none', () => {
  open({ base });
  expect(screen.getByRole('checkbox', { name: /背景地図/ })).toBeTruthy();
  expect(screen.queryByRole('radio')).toBeNull();
});

it('offers one ground of several, the sketch among them, and other rasters as layers', async () => {
  const { shown } = open({ base, rasters: [photo, surge] });
  const grounds = screen.getByRole('group', { name: '背景' }).querySelectorAll('label');
  expect([...grounds].map(({ textContent }) => textContent?.trim())).toEqual([
    '略図（湖・川・鉄道・道路・地名）',
    '写真',
    '境界だけ',
  ]);
  await fireEvent.click(screen.getByRole('radio', { name: '写真' }));
  expect([shown.ground, shown.base]).toEqual(['proxy-photo', true]);
  await fireEvent.click(screen.getByRole('radio', { name: '境界だけ' }));
  expect([shown.ground, shown.base]).toEqual(['none', false]);
  const box = screen.getByRole<HTMLInputElement>('checkbox', { name: '高潮浸水想定区域' });
  expect(box.checked).toBe(false);
  await fireEvent.click(box);
  await fireEvent.input(screen.getByRole('slider', { name: /高潮/ }), { target: { value: '30' } });
  expect([shown.has('proxy-storm-surge'), shown.opacity('proxy-storm-surge')]).toEqual([true, 0.3]);
});

it('says of a base map that was imported in parts that the others are a sketch', () => {
  const grounds = (of: BaseMap) => {
    open({ base: of, rasters: [photo] });
    const first = screen.getByRole('group', { name: '背景' }).querySelector('label')?.textContent?.trim();
    cleanup();
    return first;
  };
  expect(grounds({ kind: 'features', sketch: true } as BaseMap)).toBe('基本図（一部は略図）');
  expect(grounds({ kind: 'features', sketch: false } as BaseMap)).toBe('基本図（湖・川・鉄道・道路・地名）');
});

it('offers which shelters are shown', async () => {
  const { shown } = open({ shelters: 'open' });
  expect(screen.getByRole<HTMLInputElement>('radio', { name: '開設中のみ' }).checked).toBe(true);
  expect(shown.shelters).toBeNull();
  await fireEvent.click(screen.getByRole('radio', { name: 'なし' }));
  expect(shown.shelters).toBe('none');
});
