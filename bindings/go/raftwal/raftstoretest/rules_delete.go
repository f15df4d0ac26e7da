// SPDX-License-Identifier: Apache-2.0

package raftstoretest

func deleteRules() []rule {
	return []rule{
		{name: "delete/prefix", check: checkPrefix,
			says: "the oldest logs can be deleted, and the others stay"},
		{name: "delete/suffix", check: checkSuffix,
			says: "the newest logs can be deleted, and others be stored in their place"},
		{name: "delete/all", check: checkAll,
			says: "all logs can be deleted, and the next one begins at any index, above or below"},
		{name: "delete/one", check: checkOne,
			says: "one log can be deleted at either end, and the only one"},
		{name: "delete/beyond", check: checkBeyond,
			says: "a range may reach beyond either end, or both"},
		{name: "delete/empty-range", check: checkEmptyRange,
			says: "a range with min above max deletes nothing and is no error"},
		{name: "delete/outside", check: checkOutside,
			says: "a range without logs deletes nothing and is no error"},
		{name: "delete/zero", check: checkZero,
			says: "a range may begin at 0"},
	}
}

func checkPrefix(s *scene) error {
	return firstErr(
		s.store(1, 20, 1), s.remove(1, 5), s.has(6, 20, 1),
		s.remove(6, 19), s.has(20, 20, 1),
		s.store(21, 40, 1), s.has(20, 40, 1),
	)
}

func checkSuffix(s *scene) error {
	return firstErr(
		s.store(1, 20, 1), s.remove(11, 20), s.has(1, 10, 1),
		s.store(11, 15, 2), s.remove(1, 10), s.has(11, 15, 2),
		s.remove(13, 15), s.store(13, 13, 3), s.remove(11, 12), s.has(13, 13, 3),
	)
}

func checkAll(s *scene) error {
	return firstErr(
		s.store(1, 20, 1), s.remove(1, 20), s.hasNone,
		s.store(21, 22, 2), s.has(21, 22, 2), s.remove(21, 22), s.hasNone,
		s.store(500, 510, 3), s.has(500, 510, 3), s.remove(500, 510),
		s.store(500, 505, 4), s.has(500, 505, 4), s.remove(500, 505),
		s.store(7, 9, 5), s.has(7, 9, 5), s.remove(7, 9),
		s.store(1, 3, 6), s.has(1, 3, 6),
	)
}

func checkOne(s *scene) error {
	return firstErr(
		s.store(1, 3, 1), s.remove(1, 1), s.has(2, 3, 1),
		s.remove(3, 3), s.has(2, 2, 1),
		s.remove(2, 2), s.hasNone,
		s.store(3, 3, 2), s.has(3, 3, 2),
	)
}

func checkBeyond(s *scene) error {
	return firstErr(
		s.store(10, 20, 1), s.remove(1, 12), s.has(13, 20, 1),
		s.remove(18, 1000), s.has(13, 17, 1),
		s.store(18, 19, 2), s.remove(1, 17), s.has(18, 19, 2),
		s.remove(1, 1000), s.hasNone,
		s.store(5, 6, 3), s.has(5, 6, 3),
	)
}

func checkEmptyRange(s *scene) error {
	return firstErr(
		s.store(5, 10, 1),
		s.remove(8, 7), s.remove(5, 4), s.remove(11, 10), s.remove(10, 5),
		s.remove(20, 15), s.remove(3, 2), s.remove(1, 0),
		s.has(5, 10, 1),
	)
}

func checkOutside(s *scene) error {
	return firstErr(
		s.store(5, 10, 1),
		s.remove(11, 11), s.has(5, 10, 1),
		s.remove(20, 30), s.has(5, 10, 1),
		s.remove(4, 4), s.remove(1, 2), s.has(5, 10, 1),
		s.store(11, 12, 1), s.has(5, 12, 1),
	)
}

func checkZero(s *scene) error {
	return firstErr(
		s.store(5, 10, 1), s.remove(0, 0), s.has(5, 10, 1),
		s.remove(0, 6), s.has(7, 10, 1),
		s.remove(0, 10), s.hasNone,
		s.store(11, 12, 2), s.has(11, 12, 2),
	)
}
