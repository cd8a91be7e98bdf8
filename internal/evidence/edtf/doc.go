// Package edtf reads dates as sources give them (a day, a month, "about 2014",
// "by 26 September", "some day in the 1990s") and answers what can be said of
// a claim's validity from them, without ever knowing more than the source did.
//
// # Syntax
//
// The syntax is the Extended Date/Time Format of the Library of Congress
// (specification of 4 February 2019, also ISO 8601-2 annex A): levels 0 and 1
// whole, and of level 2 all its features as they stand in its text: digits
// left open anywhere (156X-12-25), qualification of a component on its left
// (2004-~06-11) or of a group on its right (2004-06~-11), sub-year groupings
// 25 to 41, exponential years (Y17E7), significant digits (1950S2), and sets
// ([1667, 1670..1672], {1960, 1961-12}). Beyond the specification, ".." alone
// is accepted, because in the position of an end it says "open".
// testdata/oracle.tsv holds what two other implementations say of several
// hundred strings and testdata/decided.tsv every string on which we had to
// choose, with the reason.
//
// # What one expression covers
//
// [Date.Earliest] and [Date.Latest] are the first and the last day that the
// expression may speak of:
//
//   - a year, month or day covers itself; unspecified digits cover from the
//     first to the last day of the calendar that fits them;
//   - a qualifier ~ or % widens each side by one unit of its precision: a day
//     for 2014-09-26~, a month for 2014-09~, a year for 2014~, ten years for
//     201X~. On a component it widens by one unit of that component, on a group
//     by one unit of the group's last component; several add up;
//   - ? does not widen. Both ? and % make the expression [Date.Uncertain];
//   - seasons 21 to 24 have no hemisphere and cover the whole year. Seasons 25
//     to 28 (northern) and 29 to 32 (southern) cover their three meteorological
//     months; one that crosses the new year covers both readings, December
//     before the year to February after it. 33 to 41 are quarters, thirds and
//     halves of the year;
//   - significant digits cover the whole range they leave open: 1950S2 is 1900
//     to 1999;
//   - a date with a time of day covers its day as written, in the zone that it
//     gives: what happened at 23:00-05:00 happened on that day for those who
//     were there. Midnight as 24:00:00 belongs to the day that it ends;
//   - an interval covers from the first day of its start to the last day of its
//     end, a set from the first to the last day of its members, gaps included;
//     an open or unknown side is unbounded;
//   - years are astronomical, in the proleptic Gregorian calendar: 0000 is 1 BC.
//     Days further than five million years from now are all taken for the same.
//
// # Valid time
//
// A claim holds over one stretch of days, from a beginning to an end, both
// included. An expression in the position of either means one moment inside
// what the expression covers: since 2014-09 began at some moment of that month,
// since ../2014-09-26 by that day. So a [Valid] stands for all the stretches
// whose beginning lies in Since, whose end lies in Until, and that do not end
// before they begin; and for one more day held inside each Observed date. It is
// [Definitely] so if it is so for all of these, [Possibly] if for some, [No] if
// for none. That gives
//
//   - DEFINITELY from the latest beginning to the earliest end, and on observed
//     dates; POSSIBLY from the earliest beginning to the latest end;
//   - an empty Since or Until is unknown, and so is one without a bound
//     (../..). A beginning comes no later than the end, and the reverse, so each
//     bounds the other; an unknown end counts as the latest beginning, no later,
//     in what is definite;
//   - ".." as Until means that the claim still held when it was cited: it has no
//     latest end, and it held at least until the last certain Observed date,
//     so that whoever knows when it was cited says so there;
//   - for the aspect [Event] an empty Until is Since;
//   - an uncertain expression (?, %) caps what follows from it at POSSIBLY: an
//     uncertain Since or Until the answers that lean on the stretch, an
//     uncertain Observed date those that lean on it, an uncertain question all;
//   - an Observed date that covers more than a day is one day somewhere in it;
//     two observations do not fill the time between them;
//   - where no end and no observation gives any date, the answer is UNDATED.
package edtf
