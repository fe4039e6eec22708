/** A time in RFC 3339, in UTC: `new Date(time)` reads it, and `date.toISOString()` writes it. */
export type DateTime = string;

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
