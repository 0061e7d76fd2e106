const FIRST_MILLISECONDS = 300_000;
const NEXT_MILLISECONDS = 3_600_000;

/** Tells of a call that has run for five minutes, and again each hour, with the minutes that it has run for. */
export async function toldOfWhileLong<T>(call: Promise<T>, tell: (minutes: number) => void): Promise<T> {
  let ran = 0;
  let timer: NodeJS.Timeout | undefined;
  const wait = (milliseconds: number): void => {
    timer = setTimeout(() => {
      ran += milliseconds;
      tell(ran / 60_000);
      wait(NEXT_MILLISECONDS);
    }, milliseconds).unref();
  };
  wait(FIRST_MILLISECONDS);
  try {
    return await call;
  } finally {
    clearTimeout(timer);
  }
}
