-- The legal steps of a claim's life as `zhifuctl lifecycle --sql` prints them from daemon/model/lifecycle_steps.c; a test
-- compares the two. Each number is axis * 256 + from * 16 + to. One array constant: PostgreSQL reads a CHECK's tree anew
-- for each statement that inserts, and with a constant for each step that took 50 us.
SET search_path = zhifu;
ALTER TABLE claim_event ADD CONSTRAINT claim_event_step CHECK (
axis * 256 + from_state * 16 + to_state = ANY ('{257, 274, 275, 276, 277, 281, 282, 289, 298, 305, 308, 314, 321, 330, 338, 339, 340, 342, 345, 346, 357, 359, 360, 361, 369, 373, 376, 389, 391, 392, 401, 410, 513, 514, 515, 530, 531, 547, 562, 769, 770, 771, 772, 773, 774, 786, 787, 788, 789, 790, 801, 802, 803, 804, 805, 806, 817, 818, 819, 820, 821, 822, 833, 834, 835, 836, 837, 838, 849, 850, 851, 852, 854, 1025, 1026, 1027, 1040, 1041, 1042, 1043, 1044, 1057, 1059, 1060, 1073, 1074, 1075, 1076, 1088, 1089, 1090, 1091, 1092, 1281, 1297, 1298, 1301, 1314, 1315, 1316, 1317, 1330, 1331, 1332, 1346, 1347}'::smallint[])
);
