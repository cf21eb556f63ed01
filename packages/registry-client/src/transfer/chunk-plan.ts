/** Facts on which the size of the next part depends. */
export interface PartSituation {
  /** bytes a second over one connection, or undefined before anything was measured */
  readonly connectionRate: number | undefined;
  readonly connections: number;
  /** bytes that may lie between what is hashed and what is fetched */
  readonly windowBytes: number;
}

const minPartBytes = 1024 * 1024;
const firstPartBytes = 4 * 1024 * 1024;
/** A part should take about so long: the pause between two requests is small against it, a broken one costs little. */
const partMs = 500;

/** Size of the next part. All connections' parts together fit the window, or they would wait for each other. */
export function planPartBytes({ connectionRate, connections, windowBytes }: PartSituation): number {
  const share = Math.floor(windowBytes / (connections + 1));
  const wanted = connectionRate === undefined ? firstPartBytes : (connectionRate * partMs) / 1000;
  return Math.max(Math.floor(Math.min(wanted, share)), Math.min(minPartBytes, share), 1);
}

/** What the controller of the number of connections remembers between measurements. */
export interface ConnectionPlan {
  readonly connections: number;
  /** rate at which the last increase was tried; undefined when none is being tried */
  readonly tryingFromRate: number | undefined;
  /** rates above this make another increase worthwhile */
  readonly settledRate: number;
  /** measurements in a row by which the increase did not pay */
  readonly disappointments: number;
}

export const firstConnectionPlan: ConnectionPlan = {
  connections: 4,
  tryingFromRate: undefined,
  settledRate: 0,
  disappointments: 0,
};

const worthwhileGain = 1.2;
/** New connections take a moment to get going, and one measurement may meet a busy moment. */
const patience = 3;

/**
 * Finds the number of connections by trying: doubles it, keeps the new number if the rate rose by a fifth, else
 * goes back and rests until the rate changes by much. An increase is judged by the best of three measurements.
 */
export function adjustConnections(
  plan: ConnectionPlan,
  rate: number,
  maxConnections: number,
): ConnectionPlan {
  const grown = Math.min(plan.connections * 2, maxConnections);
  if (plan.tryingFromRate === undefined) {
    const changed = rate > plan.settledRate * worthwhileGain || rate < plan.settledRate / worthwhileGain;
    if (!changed || grown === plan.connections) return plan;
    return { ...plan, connections: grown, tryingFromRate: rate, disappointments: 0 };
  }
  if (rate >= plan.tryingFromRate * worthwhileGain) {
    const tryingFromRate = grown === plan.connections ? undefined : rate;
    return { connections: grown, tryingFromRate, settledRate: rate, disappointments: 0 };
  }
  if (plan.disappointments + 1 < patience) return { ...plan, disappointments: plan.disappointments + 1 };
  return {
    disappointments: 0,
    connections: Math.max(Math.ceil(plan.connections / 2), 1),
    tryingFromRate: undefined,
    settledRate: rate,
  };
}
