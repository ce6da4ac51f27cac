import { cleanup, fireEvent, render, screen, waitFor } from '@testing-library/svelte';
import { tick } from 'svelte';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import ja from '../i18n/lang/ja.json';
import Camera from './Camera.svelte';

/** A stream as far as the camera knows one. */
function heldStream() {
  const track = { stop: vi.fn() };
  const stream = { getTracks: () => [track], getVideoTracks: () => [track], getAudioTracks: () => [track] };
  return { track, stream: stream as unknown as MediaStream };
}

/** What the person was asked for and has not answered yet. */
let asked: { give(stream: MediaStream): void }[];
let recorders: { state: string }[];

beforeEach(() => {
  asked = [];
  recorders = [];
  vi.stubGlobal('navigator', {
    mediaDevices: { getUserMedia: () => new Promise((give) => asked.push({ give })) },
  });
  class Recorder {
    static isTypeSupported = () => true;
    state = 'inactive';
    onstop = () => {};
    constructor() {
      recorders.push(this);
    }
    start() {
      this.state = 'recording';
    }
    stop() {
      this.state = 'inactive';
      this.onstop();
    }
  }
  vi.stubGlobal('MediaRecorder', Recorder);
  vi.stubGlobal('MediaStream', class {});
  HTMLDialogElement.prototype.showModal ??= () => {};
});

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

const open = () => render(Camera, { taken() {}, closed() {} });
const answer = async (index: number, stream: MediaStream) => {
  asked[index]?.give(stream);
  await tick();
  await tick();
};

it('a camera that is allowed after the dialog was closed is let go at once', async () => {
  const { track, stream } = heldStream();
  open().unmount();
  await answer(0, stream);
  expect(track.stop).toHaveBeenCalledOnce();
});

it('a microphone that is allowed after the dialog was closed is let go at once, and nothing is recorded', async () => {
  const [camera, microphone] = [heldStream(), heldStream()];
  const shown = open();
  await answer(0, camera.stream);
  await fireEvent.click(screen.getByText(ja['capture.camera.record']));
  shown.unmount();
  expect(camera.track.stop).toHaveBeenCalledOnce();
  await answer(1, microphone.stream);
  expect(microphone.track.stop).toHaveBeenCalledOnce();
  expect(recorders).toHaveLength(0);
});

it('two touches while the microphone is asked for start one recording, which can be stopped', async () => {
  const [camera, microphone] = [heldStream(), heldStream()];
  open();
  await answer(0, camera.stream);
  const record = screen.getByText(ja['capture.camera.record']);
  // Both before the page draws anything anew.
  record.dispatchEvent(new MouseEvent('click', { bubbles: true }));
  record.dispatchEvent(new MouseEvent('click', { bubbles: true }));
  await answer(1, microphone.stream);
  asked[2]?.give(heldStream().stream);
  const stop = await screen.findByText(new RegExp(ja['capture.camera.stop']));
  expect(recorders.map(({ state }) => state)).toEqual(['recording']);
  await fireEvent.click(stop);
  await waitFor(() => expect(recorders.map(({ state }) => state)).toEqual(['inactive']));
  expect(microphone.track.stop).toHaveBeenCalledOnce();
});
