/** Ids of the `count` largest logits, largest first; equal ones in order of id. */
export function mostLikely(logits: Float32Array, count: number): readonly number[] {
  if (count <= 0) return [];
  // A heap with the least of the best at its root: most tokens are turned away by one comparison.
  const heap: number[] = [];
  const isLess = (a: number, b: number) => {
    const difference = (logits[a] ?? 0) - (logits[b] ?? 0);
    return difference < 0 || (difference === 0 && a > b);
  };
  const siftDown = () => {
    let at = 0;
    for (;;) {
      const left = at * 2 + 1;
      let least = at;
      for (const child of [left, left + 1]) {
        if (child < heap.length && isLess(heap[child] ?? 0, heap[least] ?? 0)) least = child;
      }
      if (least === at) return;
      swap(at, least);
      at = least;
    }
  };
  const swap = (a: number, b: number) => {
    const held = heap[a] ?? 0;
    heap[a] = heap[b] ?? 0;
    heap[b] = held;
  };
  let floor = Number.NEGATIVE_INFINITY;
  for (let id = 0; id < logits.length; id++) {
    if (heap.length < count) {
      heap.push(id);
      for (let at = heap.length - 1; at > 0; ) {
        const parent = (at - 1) >> 1;
        if (!isLess(heap[at] ?? 0, heap[parent] ?? 0)) break;
        swap(at, parent);
        at = parent;
      }
      floor = logits[heap[0] ?? 0] ?? floor;
    } else if ((logits[id] ?? 0) > floor) {
      heap[0] = id;
      siftDown();
      floor = logits[heap[0] ?? 0] ?? floor;
    }
  }
  return heap.sort((a, b) => (isLess(a, b) ? 1 : -1));
}
