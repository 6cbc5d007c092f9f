internal import Commands

Flotilla.main()
