/** What a sliding window or a recurrent state held when the sequence was `to` tokens long. */
export interface Checkpoint {
  /** First position that the window still held. */
  readonly from: number;
  readonly to: number;
  readonly state: Uint8Array;
}

export interface CacheShape {
  /** 0: every token attends to all before it. */
  readonly slidingWindowTokens: number;
  readonly isRecurrent: boolean;
}

/** Whether states of this kind lose the past, so that a sequence cannot just be cut. */
export function forgets({ slidingWindowTokens, isRecurrent }: CacheShape): boolean {
  return slidingWindowTokens > 0 || isRecurrent;
}

/** Where a sequence can go on, and the checkpoint to restore for it. */
export interface ResumePoint {
  readonly length: number;
  readonly checkpoint?: Checkpoint;
}

/**
 * The longest beginning of at most `wanted` tokens from which a sequence can go on.
 * @param live  what the sequence holds now: its length and the first position of its window
 */
export function planResume(
  wanted: number,
  live: { readonly length: number; readonly from: number },
  options: { readonly checkpoints: readonly Checkpoint[]; readonly shape: CacheShape },
): ResumePoint {
  const { shape, checkpoints } = options;
  if (wanted >= live.length || !forgets(shape)) return { length: Math.min(wanted, live.length) };
  const { slidingWindowTokens, isRecurrent } = shape;
  /** The window before a position must be there in full. */
  const covers = (from: number, length: number) => from <= 0 || from < length - slidingWindowTokens;
  if (!isRecurrent && covers(live.from, wanted)) return { length: wanted };
  let best: ResumePoint = { length: 0 };
  for (const checkpoint of checkpoints) {
    // A recurrent state is that of its own length only; a window can be cut as long as enough stays.
    const length = isRecurrent ? checkpoint.to : Math.min(checkpoint.to, wanted);
    const fits = length <= wanted && (isRecurrent || covers(checkpoint.from, length));
    if (fits && length > best.length) best = { length, checkpoint };
  }
  return best;
}

const maxCheckpoints = 8;

/**
 * Drops checkpoints until one more of `size` bytes may be taken. The first, which serves every chat with the
 * same beginning, and the newest stay longest.
 * @returns false when it is larger than all that they may take together
 */
export function makeRoomForCheckpoint(checkpoints: Checkpoint[], size: number, maxBytes: number): boolean {
  if (size > maxBytes) return false;
  const taken = () => checkpoints.reduce((sum, { state }) => sum + state.length, 0);
  while (checkpoints.length >= maxCheckpoints || taken() + size > maxBytes) {
    checkpoints.splice(checkpoints.length > 1 ? 1 : 0, 1);
  }
  return true;
}
