/// Texts of several kinds for comparing formats: prose, a table, code, mathematics, Chinese, a dialogue.
enum BuiltInTexts {
    static let all = [
        """
        The harbour was built in 1874 for ships that carried grain. When the railway came, most of them stayed away, \
        and the long stone pier was left to fishermen, gulls and, on Sundays, to the families of the town. Today a \
        ferry leaves every two hours for the island, where nobody lives in winter except the keeper of the lighthouse.
        """,
        """
        | City | Population | Height |
        |---|---|---|
        | Lima | 10,092,000 | 154 m |
        | Quito | 2,011,000 | 2,850 m |
        | La Paz | 816,000 | 3,640 m |

        La Paz is the highest of the three cities, and Lima has by far the largest population.
        """,
        """
        def median(numbers):
            ordered = sorted(numbers)
            middle = len(ordered) // 2
            if len(ordered) % 2 == 1:
                return ordered[middle]
            return (ordered[middle - 1] + ordered[middle]) / 2

        assert median([3, 1, 2]) == 2
        """,
        """
        Let x be the price of a notebook. Three notebooks and a pen of 2 euros cost 17 euros, so 3x + 2 = 17. \
        Subtracting 2 on both sides gives 3x = 15, and dividing by 3 gives x = 5. A notebook costs 5 euros. \
        Check: 3 · 5 + 2 = 17.
        """,
        "图片里有一只橙色的猫坐在窗台上，窗外正在下雨。桌子上放着一杯茶和一本打开的书。左边的墙上挂着一幅画，画的是山和湖。",
        """
        "Where is the station?" she asked. "Go straight on to the church, then turn left," said the man, "and you will \
        see it behind the post office." "Is it far?" "Ten minutes, if you walk slowly."
        """,
    ]
}
